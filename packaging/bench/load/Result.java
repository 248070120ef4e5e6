// SPDX-License-Identifier: Apache-2.0

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

/** The rounds of one workload: ours, and fio's, which may be left out. Every figure is the median of the rounds. */
final class Result {

    private final Workload workload;
    private final List<Meter.Sample> ours = new ArrayList<>();
    private final List<Meter.Sample> theirs = new ArrayList<>();

    Result(Workload workload) {
        this.workload = workload;
    }

    void ours(Meter.Sample sample) {
        ours.add(sample);
    }

    void theirs(Meter.Sample sample) {
        theirs.add(sample);
    }

    Workload workload() {
        return workload;
    }

    List<Meter.Sample> ours() {
        return ours;
    }

    List<Meter.Sample> theirs() {
        return theirs;
    }

    double ours(ToDoubleFunction<Meter.Sample> figure) {
        return median(ours.stream().mapToDouble(figure).toArray());
    }

    double theirs(ToDoubleFunction<Meter.Sample> figure) {
        return median(theirs.stream().mapToDouble(figure).toArray());
    }

    /** Blocks a second, ours to fio's, of each round; NaN without fio. */
    double ratio() {
        return median(ratios(Meter.Sample::iops));
    }

    double cpuRatio() {
        return median(ratios(Meter.Sample::cpuUs));
    }

    double p99Ratio() {
        return median(ratios(Meter.Sample::p99Us));
    }

    /** "0.88-0.95", the least and the largest ratio of a round. */
    String ratioRange() {
        double[] ratios = ratios(Meter.Sample::iops);
        Arrays.sort(ratios);
        return ratios.length == 0 ? ""
            : String.format(Locale.ROOT, "%.2f-%.2f", ratios[0], ratios[ratios.length - 1]);
    }

    private double[] ratios(ToDoubleFunction<Meter.Sample> figure) {
        double[] ratios = new double[Math.min(ours.size(), theirs.size())];
        for (int i = 0; i < ratios.length; i++) {
            ratios[i] = figure.applyAsDouble(ours.get(i)) / figure.applyAsDouble(theirs.get(i));
        }
        return ratios;
    }

    static double median(double[] values) {
        if (values.length == 0) {
            return Double.NaN;
        }
        Arrays.sort(values);
        int half = values.length / 2;
        return values.length % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
    }
}
