// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.config;

import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigOrigin;
import com.typesafe.config.ConfigParseOptions;
import com.typesafe.config.ConfigSyntax;

/**
 * HOCON less what reaches outside the file: nothing is included, and nothing is substituted. The result is not
 * resolved, so a {@code ${NAME}} in it never meets the environment or a system property.
 */
final class Hocon {

    private static final ConfigObject NOTHING = ConfigFactory.empty().root();

    private Hocon() {
    }

    /** What {@code text} says; what is wrong with it goes to {@code problems}. */
    static ConfigObject parse(String text, Problems problems) {
        RefusedIncludes includes = new RefusedIncludes();
        ConfigParseOptions options = ConfigParseOptions.defaults()
            .setSyntax(ConfigSyntax.CONF)
            .setAllowMissing(false)
            .setIncluder(includes);
        try {
            return ConfigFactory.parseString(text, options).root();
        } catch (ConfigException e) {
            reportSyntax(e, problems);
        } finally {
            reportIncludes(includes, text, problems);
        }
        return NOTHING;
    }

    private static void reportSyntax(ConfigException e, Problems problems) {
        ConfigOrigin origin = e.origin();
        String message = String.valueOf(e.getMessage());
        if (origin == null) {
            problems.add(Problems.shown(message));
            return;
        }
        String prefix = origin.description() + ": ";
        String text = message.startsWith(prefix) ? message.substring(prefix.length()) : message;
        problems.add(origin.lineNumber(), Problems.shown(text.strip()));
    }

    /** An includer is not told its line, so the lines are found again: the next one that holds what was asked for. */
    private static void reportIncludes(RefusedIncludes includes, String text, Problems problems) {
        String[] lines = text.split("\n", -1);
        int from = 0;
        for (String what : includes.asked()) {
            int at = from;
            while (at < lines.length && !isInclude(lines[at], what)) {
                at++;
            }
            boolean found = at < lines.length;
            problems.add(found ? at + 1 : 0,
                "include \"" + Problems.shown(what) + "\": a file cannot include another");
            from = found ? at + 1 : from;
        }
    }

    private static boolean isInclude(String line, String what) {
        String stripped = line.strip();
        return !stripped.startsWith("#") && !stripped.startsWith("//")
            && stripped.contains("include") && stripped.contains(what);
    }
}
