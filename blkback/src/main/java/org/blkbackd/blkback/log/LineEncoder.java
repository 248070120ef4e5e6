// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.log;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import ch.qos.logback.classic.spi.StackTraceElementProxy;
import ch.qos.logback.core.encoder.EncoderBase;
import java.nio.charset.StandardCharsets;

/**
 * One event is one line: {@code PREFIX LOGGER: MESSAGE}, the logger by its class's simple name. An exception adds its
 * own text to that line, and a line with the same beginning for each frame of its stack and for each cause. Nothing
 * a guest wrote can end a line or start another.
 */
final class LineEncoder extends EncoderBase<ILoggingEvent> {

    /** A xenstore value is at most 4096 bytes; no message of ours needs more. */
    static final int MOST_CHARS = 8192;

    private static final int MOST_CAUSES = 16;
    private static final byte[] NOTHING = {};

    private final LogTarget target;

    LineEncoder(LogTarget target) {
        this.target = target;
    }

    @Override
    public byte[] headerBytes() {
        return NOTHING;
    }

    @Override
    public byte[] encode(ILoggingEvent event) {
        String start = target.prefix(event.getTimeStamp(), event.getLevel()) + simpleName(event.getLoggerName()) + ": ";
        String message = OneLine.of(event.getFormattedMessage(), MOST_CHARS);
        StringBuilder text = new StringBuilder(start.length() + message.length() + 1).append(start).append(message);
        IThrowableProxy thrown = event.getThrowableProxy();
        if (thrown == null) {
            text.append('\n');
        } else {
            text.append(": ");
            appendThrown(text, start, thrown);
        }
        return text.toString().getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public byte[] footerBytes() {
        return NOTHING;
    }

    private static void appendThrown(StringBuilder text, String start, IThrowableProxy thrown) {
        IThrowableProxy cause = thrown;
        appendOne(text, start, cause);
        for (int depth = 0; depth < MOST_CAUSES && cause.getCause() != null && !cause.getCause().isCyclic(); depth++) {
            cause = cause.getCause();
            text.append(start).append("Caused by: ");
            appendOne(text, start, cause);
        }
    }

    private static void appendOne(StringBuilder text, String start, IThrowableProxy thrown) {
        text.append(OneLine.of(thrown.getClassName(), MOST_CHARS));
        if (thrown.getMessage() != null) {
            text.append(": ").append(OneLine.of(thrown.getMessage(), MOST_CHARS));
        }
        text.append('\n');
        StackTraceElementProxy[] frames = thrown.getStackTraceElementProxyArray();
        int own = frames.length - thrown.getCommonFrames();
        for (int i = 0; i < own; i++) {
            text.append(start).append("    ").append(frames[i].getSTEAsString()).append('\n');
        }
        if (own < frames.length) {
            text.append(start).append("    ... ").append(frames.length - own).append(" more\n");
        }
    }

    private static String simpleName(String logger) {
        return OneLine.of(logger.substring(logger.lastIndexOf('.') + 1), MOST_CHARS);
    }
}
