// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.config;

import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigList;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueType;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.blkbackd.blkback.blkif.RateLimits;

/**
 * Takes typed values out of parsed settings. A value of the wrong type is a problem and leaves the default in its
 * place, so that the rest can still be looked at. Nothing is converted: {@code "4"} is text, not a number.
 */
final class Binding {

    private static final String NO_SUBSTITUTION = "${...} and += are not supported; write the value itself";

    private static final int MOST_DOTS = 4;

    private final ConfigObject settings;
    private final Problems problems;

    Binding(ConfigObject settings, Problems problems) {
        this.settings = settings;
        this.problems = problems;
    }

    /** Types are right; whether values are allowed is for {@link Constraints} to say. */
    BlkbackConfig bind() {
        BlkbackConfig defaults = BlkbackConfig.DEFAULTS;
        return new BlkbackConfig(
            texts(Setting.KINDS, defaults.kinds()),
            text(Setting.DEFAULT_ENGINE, defaults.defaultEngine()),
            wholeNumber(Setting.WORKERS, defaults.workers()),
            wholeNumber(Setting.IO_THREADS, defaults.ioThreads()),
            text(Setting.IO_URING, defaults.ioUring()),
            text(Setting.POLLING, defaults.polling()),
            text(Setting.ON_ERROR, defaults.onError()),
            text(Setting.WHILE_HELD, defaults.whileHeld()),
            limits(defaults.limits()),
            text(Setting.LOG_LEVEL, defaults.logLevel()),
            text(Setting.CONTROL_SOCKET, defaults.controlSocket()),
            text(Setting.METRICS_SOCKET, defaults.metricsSocket()),
            wholeNumber(Setting.METRICS_PORT, defaults.metricsPort()),
            migration());
    }

    private RateLimits limits(RateLimits fallback) {
        String words = text(Setting.LIMITS, null);
        try {
            return words == null ? fallback : RateLimits.parse(words);
        } catch (IllegalArgumentException e) {
            problems.add(Setting.LIMITS.key(), settings.get(Setting.LIMITS.key()), e.getMessage());
            return fallback;
        }
    }

    private MigrationConfig migration() {
        ConfigValue value = settings.get(Setting.MIGRATION.key());
        try {
            return new MigrationBinding(problems).bind(value);
        } catch (ConfigException.NotResolved e) {
            problems.add(Setting.MIGRATION.key(), value, NO_SUBSTITUTION);
            return MigrationConfig.NONE;
        }
    }

    /** Notes every key that is not a setting, with the one it may have been meant to be. */
    void refuseUnknownKeys() {
        for (Map.Entry<String, ConfigValue> entry : settings.entrySet()) {
            if (Setting.ofKey(entry.getKey()) == null) {
                refuse(entry.getKey(), entry.getValue());
            }
        }
    }

    private void refuse(String outerKey, ConfigValue outerValue) {
        String key = outerKey;
        ConfigValue value = outerValue;
        // An object with one member was probably written with a dotted key; show that.
        for (int dots = 0; dots < MOST_DOTS && isType(value, ConfigValueType.OBJECT); dots++) {
            ConfigObject object = (ConfigObject) value;
            if (object.size() != 1) {
                break;
            }
            Map.Entry<String, ConfigValue> inner = object.entrySet().iterator().next();
            key += "." + inner.getKey();
            value = inner.getValue();
        }
        String near = NearMiss.of(key, Setting.keys());
        problems.add(key, value, "there is no such key; "
            + (near == null ? "known are " + String.join(", ", Setting.keys()) : "did you mean " + near + "?"));
    }

    private String text(Setting setting, String fallback) {
        ConfigValue value = settings.get(setting.key());
        return hasType(setting, value, ConfigValueType.STRING) ? (String) value.unwrapped() : fallback;
    }

    /** A number that no int holds becomes the nearest int: every allowed number is far from both ends. */
    private int wholeNumber(Setting setting, int fallback) {
        ConfigValue value = settings.get(setting.key());
        if (!hasType(setting, value, ConfigValueType.NUMBER)) {
            return fallback;
        }
        Number number = (Number) value.unwrapped();
        if (number instanceof Double) {
            problems.add(setting.key(), value, "must be " + setting.allowed());
            return fallback;
        }
        return (int) Math.max(Integer.MIN_VALUE, Math.min(Integer.MAX_VALUE, number.longValue()));
    }

    private List<String> texts(Setting setting, List<String> fallback) {
        ConfigValue value = settings.get(setting.key());
        if (!hasType(setting, value, ConfigValueType.LIST)) {
            return fallback;
        }
        List<String> texts = new ArrayList<>();
        for (ConfigValue element : (ConfigList) value) {
            if (!hasType(setting, element, ConfigValueType.STRING)) {
                return fallback;
            }
            texts.add((String) element.unwrapped());
        }
        return texts;
    }

    /** False and no problem where there is no value at all. */
    private boolean hasType(Setting setting, ConfigValue value, ConfigValueType type) {
        if (value == null || isType(value, type)) {
            return value != null;
        }
        problems.add(setting.key(), value, isResolved(value) ? "must be " + setting.allowed() : NO_SUBSTITUTION);
        return false;
    }

    private static boolean isType(ConfigValue value, ConfigValueType type) {
        return isResolved(value) && value.valueType() == type;
    }

    private static boolean isResolved(ConfigValue value) {
        try {
            value.valueType();
            return true;
        } catch (ConfigException.NotResolved e) {
            return false;
        }
    }
}
