// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.LoggingEvent;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LineEncoderTest {

    private static final long TIME = Instant.parse("2026-11-21T08:09:10.120Z").toEpochMilli();

    private final LoggerContext context = new LoggerContext();

    @ParameterizedTest
    @CsvSource({"ERROR, <3>", "WARN, <4>", "INFO, <6>", "DEBUG, <7>", "TRACE, <7>"})
    void theJournalGetsThePriorityAndNoTime(String level, String prefix) {
        assertEquals(prefix + "Vbd: vbd 3/51712: connected\n", journal(Level.toLevel(level), "vbd 3/51712: connected"));
    }

    @ParameterizedTest
    @CsvSource({"ERROR, 'ERROR '", "WARN, 'WARN  '", "INFO, 'INFO  '", "DEBUG, 'DEBUG '", "TRACE, 'TRACE '"})
    void othersGetTimeAndLevel(String level, String column) {
        assertEquals("2026-11-21T08:09:10.120Z " + column + "Vbd: connected\n",
            plain(Level.toLevel(level), "connected"));
    }

    @Test
    void aGuestCannotForgeALine() {
        assertEquals("<4>Vbd: state \"4\\n<3>Vbd: image lost\\r\\u001b[2K\"\n",
            journal(Level.WARN, "state \"{}\"", "4\n<3>Vbd: image lost\r\u001b[2K"));
    }

    @Test
    void argumentsThatLookLikePlaceholdersStayText() {
        assertEquals("<4>Vbd: a {} ${jndi:x} %n b\n", journal(Level.WARN, "a {} b", "{} ${jndi:x} %n"));
    }

    @Test
    void longMessagesAreCut() {
        assertEquals("<6>Vbd: " + "x".repeat(8192) + "...\n", journal(Level.INFO, "x".repeat(100_000)));
    }

    @Test
    void otherAlphabetsAreUtf8() {
        assertEquals("<6>Vbd: Grüße \ud83d\ude00\n", journal(Level.INFO, "Grüße \ud83d\ude00"));
    }

    @Test
    void anExceptionIsOneLineAndItsStackHasTheSamePrefix() {
        IllegalStateException cause = new IllegalStateException("deep\ndown");
        cause.setStackTrace(new StackTraceElement[] {frame("inner", 7), frame("outer", 20)});
        RuntimeException thrown = new RuntimeException("open \n<3>failed", cause);
        thrown.setStackTrace(new StackTraceElement[] {frame("outer", 20)});
        assertEquals("""
            <3>Vbd: cannot attach: java.lang.RuntimeException: open \\n<3>failed
            <3>Vbd:     at org.x.Disk.outer(Disk.java:20)
            <3>Vbd: Caused by: java.lang.IllegalStateException: deep\\ndown
            <3>Vbd:     at org.x.Disk.inner(Disk.java:7)
            <3>Vbd:     ... 1 more
            """, journal(Level.ERROR, "cannot attach", thrown));
        assertEquals("""
            2026-11-21T08:09:10.120Z ERROR Vbd: cannot attach: java.lang.IllegalStateException: deep\\ndown
            2026-11-21T08:09:10.120Z ERROR Vbd:     at org.x.Disk.inner(Disk.java:7)
            2026-11-21T08:09:10.120Z ERROR Vbd:     at org.x.Disk.outer(Disk.java:20)
            """, plain(Level.ERROR, "cannot attach", cause));
    }

    @Test
    void anExceptionWithoutMessageOrStackIsItsName() {
        RuntimeException thrown = new RuntimeException();
        thrown.setStackTrace(new StackTraceElement[0]);
        assertEquals("<3>Vbd: bug: java.lang.RuntimeException\n", journal(Level.ERROR, "bug", thrown));
    }

    @Test
    void causesInACircleEnd() {
        Exception a = new Exception("a");
        Exception b = new Exception("b", a);
        a.initCause(b);
        String text = journal(Level.ERROR, "bug", a);
        assertTrue(text.contains("Caused by: java.lang.Exception: b\n"), text);
        assertTrue(text.lines().allMatch(line -> line.startsWith("<3>Vbd: ")), text);
    }

    private static StackTraceElement frame(String method, int line) {
        return new StackTraceElement("org.x.Disk", method, "Disk.java", line);
    }

    private String journal(Level level, String message, Object... arguments) {
        return line(LogTarget.JOURNAL, level, message, arguments);
    }

    private String plain(Level level, String message, Object... arguments) {
        return line(LogTarget.PLAIN, level, message, arguments);
    }

    private String line(LogTarget target, Level level, String message, Object... arguments) {
        Logger logger = context.getLogger("org.blkbackd.blkback.device.Vbd");
        LoggingEvent event = new LoggingEvent("fqcn", logger, level, message, null, arguments);
        event.setInstant(Instant.ofEpochMilli(TIME));
        return new String(new LineEncoder(target).encode(event), StandardCharsets.UTF_8);
    }
}
