// SPDX-License-Identifier: Apache-2.0

import java.util.List;

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
    private final Svg svg;

    Chart(List<Result> results, List<String> conditions) {
        this.results = results;
        this.conditions = conditions;
        svg = new Svg(WIDTH, bottom() + 24 + 16 * conditions.size());
    }

    private int bottom() {
        return TOP + ROW * results.size();
    }

    String svg() {
        svg.bold(NAMES, 20, "blocks a second, ours to fio's, and ours");
        svg.bold(cpuFrom(), 20, "CPU us a block (blue: ours, grey: fio; each row to its own scale)");
        for (int i = 0; i < results.size(); i++) {
            row(results.get(i), TOP + ROW * i);
        }
        one();
        for (int i = 0; i < conditions.size(); i++) {
            svg.text(8, bottom() + 24 + 16 * i, conditions.get(i));
        }
        return svg.end();
    }

    private static int cpuFrom() {
        return NAMES + BARS + GAP;
    }

    private void row(Result result, int y) {
        svg.text(8, y + 14, result.workload().name());
        String ours = Report.number(result.ours(Meter.Sample::iops), 0) + "/s";
        if (Double.isNaN(result.ratio())) {
            svg.text(NAMES, y + 14, ours + " (no fio)");
        } else {
            double width = Math.min(result.ratio(), MOST_RATIO) / MOST_RATIO * BARS;
            svg.rectangle(NAMES, y + 3, width, ROW - 10, OURS);
            svg.text(NAMES + width + 4, y + 14, Report.number(result.ratio(), 2) + "  " + ours);
        }
        if (Double.isNaN(result.ratio())) {
            svg.text(cpuFrom(), y + 14, Report.number(result.ours(Meter.Sample::cpuUs), 2));
        } else {
            double most = Math.max(result.ours(Meter.Sample::cpuUs), result.theirs(Meter.Sample::cpuUs));
            bar(result.ours(Meter.Sample::cpuUs), y + 2, most, OURS);
            bar(result.theirs(Meter.Sample::cpuUs), y + 13, most, FIO);
        }
    }

    private void bar(double cpuUs, int y, double most, String colour) {
        double width = most > 0 ? cpuUs / most * BARS : 0;
        svg.rectangle(cpuFrom(), y, width, 9, colour);
        svg.small(cpuFrom() + width + 3, y + 8, Report.number(cpuUs, 2));
    }

    /** Where ours is as fast as fio. */
    private void one() {
        double x = NAMES + BARS / MOST_RATIO;
        svg.line(x, TOP - 10, x, bottom(), "#c03030");
        svg.text(x - 10, TOP - 14, "1.00");
    }
}
