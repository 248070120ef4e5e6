// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.config;

import com.typesafe.config.ConfigOrigin;
import com.typesafe.config.ConfigRenderOptions;
import com.typesafe.config.ConfigValue;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.blkbackd.blkback.log.OneLine;

/** Collects what is wrong with one configuration, so that all of it can be said at once. Not thread-safe. */
final class Problems {

    private static final int MOST_CHARS = 200;

    private record Problem(int line, String text) {
    }

    private final List<Problem> found = new ArrayList<>();
    private final String file;

    /** {@code file} is how the administrator knows the file. */
    Problems(String file) {
        this.file = OneLine.of(file, 4 * MOST_CHARS);
    }

    /** Something about the file as a whole. */
    void add(String text) {
        add(0, text);
    }

    /** Something in a line of the file, the first being 1; 0 when the line is not known. */
    void add(int line, String text) {
        String where = line > 0 ? file + ":" + line : file;
        found.add(new Problem(line, where + ": " + text));
    }

    /** A value that is not allowed: where it comes from, {@code key = value}, and what is wrong. */
    void add(String key, ConfigValue value, String text) {
        String said = shown(key) + " = " + shown(value.render(ConfigRenderOptions.concise())) + ": " + text;
        ConfigOrigin origin = value.origin();
        if (origin.lineNumber() > 0) {
            add(origin.lineNumber(), said);
        } else {
            found.add(new Problem(Integer.MAX_VALUE, origin.description() + ": " + said));
        }
    }

    /** Says nothing when nothing was wrong. */
    void throwIfAny() throws ConfigException {
        if (!found.isEmpty()) {
            found.sort(Comparator.comparingInt(Problem::line).thenComparing(Problem::text));
            throw new ConfigException(found.stream().map(Problem::text).distinct().toList());
        }
    }

    /** What somebody wrote, fit for a line of ours. */
    static String shown(String text) {
        return OneLine.of(text, MOST_CHARS);
    }
}
