// SPDX-License-Identifier: Apache-2.0

import java.util.Locale;

/** A picture of rectangles, lines and words, on white. */
final class Svg {

    private final StringBuilder out = new StringBuilder();

    Svg(int width, int height) {
        add("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\" "
            + "font-family=\"sans-serif\" font-size=\"12\">%n", width, height, width, height);
        rectangle(0, 0, width, height, "#ffffff");
    }

    private void add(String format, Object... values) {
        out.append(String.format(Locale.ROOT, format, values));
    }

    void rectangle(double x, double y, double width, double height, String colour) {
        add("<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"%s\"/>%n", x, y, width, height, colour);
    }

    /** Dashed. */
    void line(double x1, double y1, double x2, double y2, String colour) {
        add("<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"%s\" stroke-dasharray=\"4 3\"/>%n", x1, y1, x2,
            y2, colour);
    }

    void text(double x, double y, String words) {
        text(x, y, "", words);
    }

    void bold(double x, double y, String words) {
        text(x, y, " font-weight=\"bold\"", words);
    }

    void small(double x, double y, String words) {
        text(x, y, " font-size=\"9\"", words);
    }

    private void text(double x, double y, String style, String words) {
        add("<text x=\"%.1f\" y=\"%.1f\"%s>%s</text>%n", x, y, style,
            words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"));
    }

    /** All of it; nothing may be added afterwards. */
    String end() {
        return out.append("</svg>\n").toString();
    }
}
