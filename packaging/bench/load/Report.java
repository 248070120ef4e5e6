// SPDX-License-Identifier: Apache-2.0

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

/** The table on the terminal, and the files of a run: results.csv, rounds.csv, conditions.txt, chart.svg. */
final class Report {

    private static final String ROW = "%-34s %9s %9s %6s %-10s %8s %8s %14s %14s %7s  %s%n";

    private final List<Result> results = new ArrayList<>();
    private final List<String> conditions;

    Report(List<String> conditions) {
        this.conditions = conditions;
        conditions.forEach(System.out::println);
        System.out.printf(ROW, "", "blocks/s", "", "", "", "CPU us", "a block", "p50 us", "p99 us", "load", "");
        System.out.printf(ROW, "workload", "ours", "fio", "ratio", "", "ours", "fio", "ours/fio", "ours/fio", "us",
            "aim");
    }

    void add(Result result) {
        results.add(result);
        System.out.printf(ROW, result.workload(), number(result.ours(Meter.Sample::iops), 0),
            number(result.theirs(Meter.Sample::iops), 0), number(result.ratio(), 2), result.ratioRange(),
            number(result.ours(Meter.Sample::cpuUs), 2), number(result.theirs(Meter.Sample::cpuUs), 2),
            pair(result, Meter.Sample::p50Us), pair(result, Meter.Sample::p99Us),
            number(result.ours(Meter.Sample::loadCpuUs), 2), aims(result));
    }

    private static String pair(Result result, ToDoubleFunction<Meter.Sample> figure) {
        String fio = number(result.theirs(figure), 0);
        return number(result.ours(figure), 0) + (fio.isEmpty() ? "" : "/" + fio);
    }

    private static String aims(Result result) {
        List<String> words = new ArrayList<>();
        for (Aim aim : Aim.parse(Workloads.aims(result.workload()))) {
            words.add((aim + " " + aim.verdict(result)).strip());
        }
        return String.join(", ", words);
    }

    static String number(double value, int digits) {
        return Double.isNaN(value) ? "" : String.format(Locale.ROOT, "%." + digits + "f", value);
    }

    void write(Path folder) throws IOException {
        Files.createDirectories(folder);
        Files.write(folder.resolve("conditions.txt"), conditions);
        Files.write(folder.resolve("results.csv"), medians());
        Files.write(folder.resolve("rounds.csv"), rounds());
        Files.writeString(folder.resolve("chart.svg"), new Chart(results, conditions).svg());
    }

    private List<String> medians() {
        List<String> lines = new ArrayList<>();
        lines.add("workload,engine,operation,block_kib,depth,disks,queues,indirect,rounds,ours_per_s,fio_per_s,ratio,"
            + "ratio_range,ours_cpu_us,fio_cpu_us,cpu_ratio,ours_p50_us,fio_p50_us,ours_p99_us,fio_p99_us,p99_ratio,"
            + "load_cpu_us,kicks_per_1000,wakeups_per_1000,aims");
        for (Result result : results) {
            Workload of = result.workload();
            List<String> cells = new ArrayList<>(List.of(of.name(), of.engine(), of.operation(), "" + of.blockKiB(),
                "" + of.depth(), "" + of.disks(), "" + of.queues(), "" + of.indirect(), "" + result.ours().size()));
            both(cells, result, Meter.Sample::iops, 1);
            cells.addAll(List.of(number(result.ratio(), 3), result.ratioRange()));
            both(cells, result, Meter.Sample::cpuUs, 3);
            cells.add(number(result.cpuRatio(), 3));
            both(cells, result, Meter.Sample::p50Us, 1);
            both(cells, result, Meter.Sample::p99Us, 1);
            cells.add(number(result.p99Ratio(), 3));
            cells.add(number(result.ours(Meter.Sample::loadCpuUs), 3));
            cells.add(number(result.ours(Meter.Sample::kicks), 1));
            cells.add(number(result.ours(Meter.Sample::wakeUps), 1));
            cells.add(aims(result).replace(',', ';'));
            lines.add(String.join(",", cells));
        }
        return lines;
    }

    private static void both(List<String> cells, Result result, ToDoubleFunction<Meter.Sample> figure, int digits) {
        cells.add(number(result.ours(figure), digits));
        cells.add(number(result.theirs(figure), digits));
    }

    private List<String> rounds() {
        List<String> lines = new ArrayList<>();
        lines.add("workload,round,side,per_s,cpu_us,p50_us,p99_us,load_cpu_us,kicks_per_1000,wakeups_per_1000,blocks");
        for (Result result : results) {
            rounds(lines, result.workload() + ",%d,ours,", result.ours());
            rounds(lines, result.workload() + ",%d,fio,", result.theirs());
        }
        return lines;
    }

    private static void rounds(List<String> lines, String name, List<Meter.Sample> samples) {
        for (int i = 0; i < samples.size(); i++) {
            Meter.Sample one = samples.get(i);
            lines.add(String.format(Locale.ROOT, name + "%.1f,%.3f,%.1f,%.1f,%.3f,%.1f,%.1f,%d", i + 1, one.iops(),
                one.cpuUs(), one.p50Us(), one.p99Us(), one.loadCpuUs(), one.kicks(), one.wakeUps(), one.blocks()));
        }
    }
}
