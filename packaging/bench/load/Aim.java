// SPDX-License-Identifier: Apache-2.0

import java.util.ArrayList;
import java.util.List;

/**
 * What a workload is to reach: {@code ratio>=0.9} of fio's blocks a second, {@code cpu<=1.2} times fio's CPU time for a
 * block, {@code us<=5} of CPU time, {@code p99<=1.3} times fio's, {@code iops>=35000}.
 */
record Aim(String metric, boolean atLeast, double value) {

    static List<Aim> parse(String text) {
        List<Aim> aims = new ArrayList<>();
        for (String word : text.isBlank() ? new String[0] : text.split(" ")) {
            String[] sides = word.split("[<>]=");
            aims.add(new Aim(sides[0], word.contains(">="), Double.parseDouble(sides[1])));
        }
        return aims;
    }

    /** Empty where fio was left out. */
    String verdict(Result result) {
        double found = switch (metric) {
            case "ratio" -> result.ratio();
            case "cpu" -> result.cpuRatio();
            case "us" -> result.ours(Meter.Sample::cpuUs);
            case "p99" -> result.p99Ratio();
            case "iops" -> result.ours(Meter.Sample::iops);
            default -> throw new IllegalArgumentException(metric);
        };
        return Double.isNaN(found) ? "" : (atLeast ? found >= value : found <= value) ? "reached" : "missed";
    }

    @Override
    public String toString() {
        return metric + (atLeast ? ">=" : "<=") + (value == Math.rint(value) ? "" + (long) value : "" + value);
    }
}
