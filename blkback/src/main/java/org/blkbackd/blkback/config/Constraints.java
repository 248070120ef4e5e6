// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.config;

import com.typesafe.config.ConfigList;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigValue;
import jakarta.validation.ConstraintViolation;
import jakarta.validation.Path;
import jakarta.validation.Validation;
import jakarta.validation.ValidatorFactory;
import java.util.Iterator;
import org.hibernate.validator.HibernateValidator;
import org.hibernate.validator.messageinterpolation.ParameterMessageInterpolator;

/** Holds a bound {@link BlkbackConfig} against the constraints it declares. */
final class Constraints {

    private Constraints() {
    }

    /**
     * Notes each violation where it stands in {@code settings}.
     *
     * <p>Messages need no expression language, and there is none on the class path; no META-INF/validation.xml either.
     */
    static void check(BlkbackConfig config, ConfigObject settings, Problems problems) {
        try (ValidatorFactory factory = Validation.byProvider(HibernateValidator.class).configure()
            .messageInterpolator(new ParameterMessageInterpolator())
            .ignoreXmlConfiguration()
            .buildValidatorFactory()) {
            for (ConstraintViolation<BlkbackConfig> violation : factory.getValidator().validate(config)) {
                report(violation, settings, problems);
            }
        }
    }

    /** A path is a component of the record ({@code workers}), or an element of one ({@code kinds[1]}). */
    private static void report(ConstraintViolation<?> violation, ConfigObject settings, Problems problems) {
        Iterator<Path.Node> path = violation.getPropertyPath().iterator();
        Setting setting = Setting.ofComponent(path.next().getName());
        ConfigValue value = settings.get(setting.key());
        String where = setting.key();
        if (path.hasNext()) {
            int index = path.next().getIndex();
            value = ((ConfigList) value).get(index);
            where += "[" + index + "]";
        }
        problems.add(where, value, "must be " + violation.getMessage());
    }
}
