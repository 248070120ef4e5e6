// SPDX-License-Identifier: Apache-2.0

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;

/**
 * The modes of run.sh that need simulated guests. Started by it, with the distribution's jars; properties: dist,
 * commit, command, folders for the host (host) and the images (images).
 */
final class SimBench {

    private final Options options;
    private final Path host = Path.of(System.getProperty("host"), "sim");
    private final Images images;
    private final Fio fio;
    private final LoadGuest guest;
    private final Daemon daemon;

    private SimBench(Options options) throws IOException, InterruptedException {
        this.options = options;
        images = new Images(Path.of(System.getProperty("images")), options.mib());
        fio = new Fio(options.warmUpSeconds(), options.seconds());
        guest = new LoadGuest(host);
        Path configuration = Path.of(System.getProperty("host"), "blkbackd.conf");
        Files.writeString(configuration, options.configuration());
        daemon = new Daemon(Path.of(System.getProperty("dist")), host, configuration);
    }

    public static void main(String[] args) throws Exception {
        try {
            Options options = Options.parse(args);
            if (options.list()) {
                options.workloads().forEach(System.out::println);
            } else {
                new SimBench(options).run();
            }
            System.exit(0);
        } catch (IllegalArgumentException e) {
            System.err.println("run.sh: " + e.getMessage());
            System.exit(2);
        } catch (IOException | RuntimeException e) {
            e.printStackTrace();
            System.exit(1);
        }
    }

    private void run() throws IOException, InterruptedException {
        switch (options.mode()) {
            case "many" -> many();
            case "fair" -> fair();
            case "profile" -> profile();
            default -> sim();
        }
    }

    // --- sim --------------------------------------------------------------------------------------------------------

    private void sim() throws IOException, InterruptedException {
        Report report = new Report(Conditions.lines(options));
        for (Workload workload : options.workloads()) {
            report.add(rounds(workload));
        }
        report.write(options.out());
        System.out.println("results.csv, rounds.csv, conditions.txt and chart.svg are in " + options.out());
    }

    private Result rounds(Workload workload) throws IOException, InterruptedException {
        Result result = new Result(workload);
        List<String> targets = targets(workload);
        guest.connect(workload, targets, verifies(workload));
        warmUp();
        for (int round = 0; round < options.rounds(); round++) {
            result.ours(ours());
            if (workload.hasFile() && options.fio()) {
                result.theirs(fio.run(fio.command(workload, images.make(workload), images.mib(workload)),
                    workload.write()));
            }
        }
        guest.disconnect();
        if (verifies(workload) && workload.write()) {
            List<Path> paths = images.make(workload);
            for (int i = 0; i < paths.size(); i++) {
                Images.check(paths.get(i), i);
            }
        }
        return result;
    }

    /** Only what is in a file has a content to be known. */
    private boolean verifies(Workload workload) {
        return options.verify() && workload.hasFile();
    }

    private Meter.Sample ours() {
        Meter meter = meter();
        guest.run(meter);
        return meter.sample();
    }

    /** Java compiles what runs; twice as long as before each round, and not measured. */
    private void warmUp() {
        guest.run(new Meter(new Processes(daemon.pid()), 2 * options.warmUpSeconds(), 0.01));
    }

    private Meter meter() {
        return new Meter(new Processes(daemon.pid()), options.warmUpSeconds(), options.seconds());
    }

    private List<String> targets(Workload workload) throws IOException, InterruptedException {
        if (workload.hasFile()) {
            return images.make(workload).stream().map(path -> workload.engine() + ":" + path).toList();
        }
        return Collections.nCopies(workload.disks(), workload.engine() + ":" + images.mib(workload) + "M");
    }

    // --- many -------------------------------------------------------------------------------------------------------

    private void many() throws IOException, InterruptedException {
        Conditions.lines(options).forEach(System.out::println);
        for (int i = 0; i < options.workloads().size(); i += 2) {
            Result together = new Result(options.workloads().get(i));
            Result alone = new Result(options.workloads().get(i + 1));
            for (int round = 0; round < options.rounds(); round++) {
                together.ours(connected(together.workload()));
                together.theirs(connected(alone.workload()));
            }
            System.out.printf("%s: 100 disks at depth 1 %s/s, %s us CPU a block; one at depth 100 %s/s, %s us; ratio %s"
                + " (%s; aim 0.8)%n", alone.workload().engine(), Report.number(together.ours(Meter.Sample::iops), 0),
                Report.number(together.ours(Meter.Sample::cpuUs), 2),
                Report.number(together.theirs(Meter.Sample::iops), 0),
                Report.number(together.theirs(Meter.Sample::cpuUs), 2), Report.number(together.ratio(), 2),
                together.ratioRange());
        }
    }

    // --- fair -------------------------------------------------------------------------------------------------------

    private void fair() throws IOException, InterruptedException {
        Conditions.lines(options).forEach(System.out::println);
        for (int i = 0; i < options.workloads().size(); i += 2) {
            Workload many = options.workloads().get(i);
            Workload deep = options.workloads().get(i + 1);
            Result beside = new Result(many);
            for (int round = 0; round < options.rounds(); round++) {
                beside.theirs(connected(many));
                beside.ours(connected(many, deep));
            }
            System.out.printf("%s: 99 disks at depth 1: p50 %s us, p99 %s us; beside one at depth 1024: p50 %s us,"
                + " p99 %s us; ratio of p99 %s (aim: 2 at most)%n", many.engine(),
                Report.number(beside.theirs(Meter.Sample::p50Us), 0),
                Report.number(beside.theirs(Meter.Sample::p99Us), 0),
                Report.number(beside.ours(Meter.Sample::p50Us), 0),
                Report.number(beside.ours(Meter.Sample::p99Us), 0), Report.number(beside.p99Ratio(), 2));
        }
    }

    /** @param beside disks that are kept busy meanwhile and not measured */
    private Meter.Sample connected(Workload workload, Workload... beside) throws IOException, InterruptedException {
        guest.connect(workload, targets(workload), false);
        for (Workload other : beside) {
            guest.connectBeside(other, targets(other).get(0));
        }
        Meter.Sample sample = ours();
        guest.disconnect();
        return sample;
    }

    // --- profile ----------------------------------------------------------------------------------------------------

    private void profile() throws IOException, InterruptedException {
        Conditions.lines(options).forEach(System.out::println);
        Path folder = Path.of(System.getProperty("host"));
        for (Workload workload : options.workloads()) {
            guest.connect(workload, targets(workload), false);
            warmUp();
            System.out.println(workload + ":");
            new Profile(daemon, folder, this::meter, guest).run();
            guest.disconnect();
        }
    }
}
