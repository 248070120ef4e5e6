// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.ctl;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.blkbackd.blkback.log.OneLine;

/** Rows under a heading, in columns as wide as their widest cell. A missing cell is a dash. */
final class Table {

    private static final String RIGHT = ">";
    private static final String GAP = "  ";
    private static final int MOST_CHARS = 120;

    private final boolean[] right;
    private final List<String[]> rows = new ArrayList<>();

    /** A title that ends in {@code >} is of a column of numbers. */
    Table(String... titles) {
        right = new boolean[titles.length];
        String[] heading = new String[titles.length];
        for (int i = 0; i < titles.length; i++) {
            right[i] = titles[i].endsWith(RIGHT);
            heading[i] = titles[i].replace(RIGHT, "");
        }
        rows.add(heading);
    }

    /** One cell for each title. */
    void row(Object... cells) {
        rows.add(Arrays.stream(cells).map(cell -> cell == null ? "-" : OneLine.of(cell.toString(), MOST_CHARS))
            .toArray(String[]::new));
    }

    List<String> lines() {
        int[] widths = new int[right.length];
        for (String[] row : rows) {
            for (int i = 0; i < widths.length; i++) {
                widths[i] = Math.max(widths[i], row[i].length());
            }
        }
        return rows.stream().map(row -> line(row, widths)).toList();
    }

    private String line(String[] row, int[] widths) {
        StringBuilder line = new StringBuilder();
        for (int i = 0; i < widths.length; i++) {
            String fill = " ".repeat(widths[i] - row[i].length());
            line.append(i == 0 ? "" : GAP).append(right[i] ? fill + row[i] : row[i] + fill);
        }
        return line.toString().stripTrailing();
    }
}
