// SPDX-License-Identifier: Apache-2.0

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * The picture of what the lab's scenario 'compare' has measured: for each kind of work bars of requests a second and of
 * dom0's CPU time for one, by backend. Arguments: its CSV, where rows are rounds, and the file to write.
 */
final class LabChart {

    private static final int BAR = 12;
    private static final int ROW = 3 * BAR + 16;
    private static final int TOP = 40;
    private static final int NAMES = 150;
    private static final int BARS = 330;
    private static final int GAP = 80;
    private static final Map<String, String> COLOURS = Map.of("blkbackd", "#2a6fb0", "qemu", "#c98a2b", "blkback",
        "#b8bec6");
    private static final List<String> BACKENDS = List.of("blkbackd", "qemu", "blkback");
    private static final int BACKEND = 0;
    private static final int WORK = 2;
    private static final int PER_S = 3;
    private static final int CPU_US = 5;

    private final List<String[]> rows;
    private final List<String> works;
    private final Svg svg;

    private LabChart(List<String> lines) {
        rows = lines.stream().skip(1).map(line -> line.split(",")).toList();
        works = rows.stream().map(row -> row[WORK]).distinct().toList();
        svg = new Svg(NAMES + 2 * (BARS + GAP), TOP + ROW * works.size());
    }

    public static void main(String[] args) throws IOException {
        Files.writeString(Path.of(args[1]), new LabChart(Files.readAllLines(Path.of(args[0]))).draw());
    }

    private String draw() {
        svg.bold(NAMES, 20, "requests a second");
        svg.bold(NAMES + BARS + GAP, 20, "dom0's CPU us a request (each row to its own scale)");
        for (int i = 0; i < works.size(); i++) {
            int y = TOP + ROW * i;
            svg.text(8, y + BAR, works.get(i));
            bars(NAMES, y, works.get(i), PER_S);
            bars(NAMES + BARS + GAP, y, works.get(i), CPU_US);
        }
        return svg.end();
    }

    private void bars(int x, int y, String work, int column) {
        double most = BACKENDS.stream().mapToDouble(backend -> median(backend, work, column)).max().orElse(0);
        for (int i = 0; i < BACKENDS.size(); i++) {
            double value = median(BACKENDS.get(i), work, column);
            double width = most > 0 ? value / most * BARS : 0;
            svg.rectangle(x, y + i * BAR, width, BAR - 2, COLOURS.get(BACKENDS.get(i)));
            svg.small(x + width + 3, y + i * BAR + BAR - 4, Report.number(value, column == PER_S ? 0 : 1) + " "
                + BACKENDS.get(i));
        }
    }

    private double median(String backend, String work, int column) {
        return Result.median(rows.stream().filter(row -> row[BACKEND].equals(backend) && row[WORK].equals(work))
            .mapToDouble(row -> Double.parseDouble(row[column])).toArray());
    }
}
