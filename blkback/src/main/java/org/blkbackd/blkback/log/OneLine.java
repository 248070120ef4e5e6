// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.log;

/**
 * Text made safe for one line of a log or a terminal. What guests, files and users wrote may hold line feeds that
 * forge a log line, escape sequences that repaint a terminal, or marks that reorder what is read.
 */
public final class OneLine {

    private static final String CUT = "...";

    private OneLine() {
    }

    /**
     * {@code text} with everything that is not plainly printable as an escape: {@code \n}, {@code \r}, {@code \t}, or
     * a backslash, u and four hex digits per UTF-16 unit. Null reads "null".
     *
     * @param maxChars UTF-16 units of {@code text} that are kept; the rest becomes three dots
     */
    public static String of(String text, int maxChars) {
        if (text == null) {
            return "null";
        }
        int length = Math.min(text.length(), maxChars);
        for (int at = 0; at < length; at = next(text, at)) {
            if (!isPrintable(text.codePointAt(at))) {
                return escaped(text, at, length);
            }
        }
        return length == text.length() ? text : escaped(text, length, length);
    }

    private static String escaped(String text, int clean, int length) {
        StringBuilder line = new StringBuilder(length + 64).append(text, 0, clean);
        for (int at = clean; at < length; at = next(text, at)) {
            int codePoint = text.codePointAt(at);
            if (isPrintable(codePoint)) {
                line.appendCodePoint(codePoint);
            } else {
                appendEscape(line, codePoint);
            }
        }
        return length == text.length() ? line.toString() : line.append(CUT).toString();
    }

    private static int next(String text, int at) {
        return at + Character.charCount(text.codePointAt(at));
    }

    private static boolean isPrintable(int codePoint) {
        if (codePoint < 0x7f) {
            return codePoint >= ' ';
        }
        return switch (Character.getType(codePoint)) {
            case Character.CONTROL, Character.FORMAT, Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR,
                Character.SURROGATE -> false;
            default -> true;
        };
    }

    private static void appendEscape(StringBuilder line, int codePoint) {
        switch (codePoint) {
            case '\n' -> line.append("\\n");
            case '\r' -> line.append("\\r");
            case '\t' -> line.append("\\t");
            default -> {
                for (char unit : Character.toChars(codePoint)) {
                    line.append('\\').append('u').append(String.format("%04x", (int) unit));
                }
            }
        }
    }
}
