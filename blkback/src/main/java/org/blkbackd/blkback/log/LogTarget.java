// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.log;

import ch.qos.logback.classic.Level;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;

/** Who reads standard error, and how a line for it begins. */
public enum LogTarget {

    /** The journal, which keeps time and severity itself: {@code <6>}, as sd-daemon(3) has it. */
    JOURNAL {
        @Override
        String prefix(long epochMs, Level level) {
            return "<" + priority(level) + ">";
        }
    },

    /** Anything else: {@code 2026-11-21T08:09:10.123Z INFO  }. */
    PLAIN {
        @Override
        String prefix(long epochMs, Level level) {
            String name = level.toString();
            return TIME.format(Instant.ofEpochMilli(epochMs)) + ' ' + name + " ".repeat(Math.max(1, 6 - name.length()));
        }
    };

    private static final DateTimeFormatter TIME =
        DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSS'Z'").withZone(ZoneOffset.UTC);
    private static final Path STANDARD_ERROR = Path.of("/proc/self/fd/2");

    abstract String prefix(long epochMs, Level level);

    /** Where standard error of this process goes. */
    public static LogTarget ofStandardError() {
        return of(System.getenv("JOURNAL_STREAM"), STANDARD_ERROR);
    }

    /**
     * JOURNAL when {@code stream} is {@code file}. systemd.exec(5): JOURNAL_STREAM is DEVICE:INODE of the socket to
     * the journal, and is inherited by those whose standard error was since redirected, so the two are compared.
     */
    static LogTarget of(String stream, Path file) {
        if (stream == null) {
            return PLAIN;
        }
        try {
            String actual = Files.getAttribute(file, "unix:dev") + ":" + Files.getAttribute(file, "unix:ino");
            return actual.equals(stream) ? JOURNAL : PLAIN;
        } catch (IOException | UnsupportedOperationException e) {
            return PLAIN;
        }
    }

    /** syslog(3): LOG_ERR 3, LOG_WARNING 4, LOG_INFO 6, LOG_DEBUG 7. */
    private static int priority(Level level) {
        return switch (level.levelInt) {
            case Level.ERROR_INT -> 3;
            case Level.WARN_INT -> 4;
            case Level.INFO_INT -> 6;
            default -> 7;
        };
    }
}
