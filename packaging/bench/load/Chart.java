// SPDX-License-Identifier: Apache-2.0

import java.util.List;
import java.util.Locale;

/** A picture of a run: for each workload bars of blocks a second, ours to fio's, and of CPU time for a block. */
final class Chart {

    private static final int ROW = 26;
    private static final int TOP = 56;
    private static final int NAMES = 270;
    private static final int BARS = 300;
    private static final int GAP = 90;
    private static final int WIDTH = NAMES + 2 * BARS + 2 * GAP;
    private static final double MOST_RATIO = 1.5;
    private static final String OURS = "#2a6fb0";
    private static final String FIO = "#b8bec6";

    private final List<Result> results;
    private final List<String> conditions;
    private final StringBuilder out = new StringBuilder();

    Chart(List<Result> results, List<String> conditions) {
        this.results = results;
        this.conditions = conditions;
    }

    String svg() {
        int bottom = TOP + ROW * results.size();
        int height = bottom + 24 + 16 * conditions.size();
        out.append(String.format(Locale.ROOT, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
            + "viewBox=\"0 0 %d %d\" font-family=\"sans-serif\" font-size=\"12\">%n", WIDTH, height, WIDTH, height));
        rectangle(0, 0, WIDTH, height, "#ffffff");
        text(NAMES, 20, "bold", "blocks a second, ours to fio's, and ours");
        text(cpuFrom(), 20, "bold", "CPU us a block (blue: ours, grey: fio; each row to its own scale)");
        for (int i = 0; i < results.size(); i++) {
            row(results.get(i), TOP + ROW * i);
        }
        one(bottom);
        for (int i = 0; i < conditions.size(); i++) {
            text(8, bottom + 24 + 16 * i, "normal", conditions.get(i));
        }
        return out.append("</svg>\n").toString();
    }

    private static int cpuFrom() {
        return NAMES + BARS + GAP;
    }

    private void row(Result result, int y) {
        text(8, y + 14, "normal", result.workload().name());
        String ours = Report.number(result.ours(Meter.Sample::iops), 0) + "/s";
        if (Double.isNaN(result.ratio())) {
            text(NAMES, y + 14, "normal", ours + " (no fio)");
        } else {
            double width = Math.min(result.ratio(), MOST_RATIO) / MOST_RATIO * BARS;
            rectangle(NAMES, y + 3, width, ROW - 10, OURS);
            text(NAMES + width + 4, y + 14, "normal", Report.number(result.ratio(), 2) + "  " + ours);
        }
        if (Double.isNaN(result.ratio())) {
            text(cpuFrom(), y + 14, "normal", Report.number(result.ours(Meter.Sample::cpuUs), 2));
        } else {
            double most = Math.max(result.ours(Meter.Sample::cpuUs), result.theirs(Meter.Sample::cpuUs));
            bar(result.ours(Meter.Sample::cpuUs), y + 2, most, OURS);
            bar(result.theirs(Meter.Sample::cpuUs), y + 13, most, FIO);
        }
    }

    private void bar(double cpuUs, int y, double most, String colour) {
        double width = most > 0 ? cpuUs / most * BARS : 0;
        rectangle(cpuFrom(), y, width, 9, colour);
        out.append(String.format(Locale.ROOT, "<text x=\"%.1f\" y=\"%d\" font-size=\"9\">%.2f</text>%n",
            cpuFrom() + width + 3, y + 8, cpuUs));
    }

    /** Where ours is as fast as fio. */
    private void one(int bottom) {
        double x = NAMES + BARS / MOST_RATIO;
        out.append(String.format(Locale.ROOT, "<line x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\" stroke=\"#c03030\" "
            + "stroke-dasharray=\"4 3\"/>%n", x, TOP - 10, x, bottom));
        text(x - 10, TOP - 14, "normal", "1.00");
    }

    private void rectangle(double x, double y, double width, double height, String colour) {
        out.append(String.format(Locale.ROOT, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" "
            + "fill=\"%s\"/>%n", x, y, width, height, colour));
    }

    private void text(double x, double y, String weight, String words) {
        out.append(String.format(Locale.ROOT, "<text x=\"%.1f\" y=\"%.1f\" font-weight=\"%s\">%s</text>%n", x, y,
            weight, words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")));
    }
}
