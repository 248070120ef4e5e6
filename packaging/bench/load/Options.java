// SPDX-License-Identifier: Apache-2.0

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** What was asked for on run.sh's command line. */
final class Options {

    private final String mode;
    private final List<String> names = new ArrayList<>();
    private final List<String> settings = new ArrayList<>();
    private boolean quick;
    private boolean all;
    private boolean list;
    private boolean verify;
    private boolean fio = true;
    private int rounds;
    private double seconds;
    private double warmUpSeconds;
    private long mib;
    private Path out;
    private List<Workload> workloads = List.of();

    private Options(String mode) {
        this.mode = mode;
    }

    /** @throws IllegalArgumentException with what is wrong */
    static Options parse(String[] args) {
        Options options = new Options(args[0]);
        for (int i = 1; i < args.length; i++) {
            i += options.take(args[i], i + 1 < args.length ? args[i + 1] : null);
        }
        options.complete();
        return options;
    }

    /** Returns how many words after {@code word} belong to it. */
    private int take(String word, String next) {
        if (!word.startsWith("-")) {
            names.add(word);
            return 0;
        }
        switch (word) {
            case "--quick" -> quick = true;
            case "--all" -> all = true;
            case "--list" -> list = true;
            case "--verify" -> verify = true;
            case "--no-fio" -> fio = false;
            default -> {
                value(word, next);
                return 1;
            }
        }
        return 0;
    }

    private void value(String word, String value) {
        if (value == null) {
            throw new IllegalArgumentException(word + " is no option, or wants a value; run.sh --help lists them");
        }
        try {
            switch (word) {
                case "--rounds" -> rounds = Integer.parseInt(value);
                case "--seconds" -> seconds = Double.parseDouble(value);
                case "--warm-up" -> warmUpSeconds = Double.parseDouble(value);
                case "--size" -> mib = Long.parseLong(value);
                case "--out" -> out = Path.of(value);
                case "--set" -> settings.add(value);
                default -> throw new IllegalArgumentException(word + " is no option; run.sh --help lists them");
            }
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(word + " " + value + ": not a number", e);
        }
    }

    private void complete() {
        // Without fio, which would write over it, the content of the images stays known.
        fio &= !verify && mode.equals("sim");
        rounds = rounds > 0 ? rounds : quick ? 1 : 5;
        seconds = seconds > 0 ? seconds : quick ? 1 : 5;
        warmUpSeconds = warmUpSeconds > 0 ? warmUpSeconds : quick ? 1 : mode.equals("profile") ? 5 : 2;
        mib = mib > 0 ? mib : quick ? 64 : 1024;
        workloads = switch (mode) {
            case "many" -> pairs("-randread-4k-d1-x100", "-randread-4k-d100");
            case "fair" -> pairs("-randread-4k-d1-x99", "-randread-4k-d1024-q2");
            case "profile" -> Workloads.choose(quick, all, names.isEmpty() ? List.of("direct-randread-4k-d32") : names);
            default -> Workloads.choose(quick, all, names);
        };
    }

    /** Two of each engine that was named, which are compared with each other. */
    private List<Workload> pairs(String one, String other) {
        return (names.isEmpty() ? List.of("null", "direct") : names).stream().flatMap(engine -> Stream.of(
            Workload.parse(engine + one), Workload.parse(engine + other))).toList();
    }

    String mode() {
        return mode;
    }

    /** In the modes "many" and "fair", pairs of them. */
    List<Workload> workloads() {
        return workloads;
    }

    boolean list() {
        return list;
    }

    boolean verify() {
        return verify;
    }

    boolean fio() {
        return fio;
    }

    int rounds() {
        return rounds;
    }

    double seconds() {
        return seconds;
    }

    double warmUpSeconds() {
        return warmUpSeconds;
    }

    /** Of all images of a workload together. */
    long mib() {
        return mib;
    }

    /** Lines for blkbackd.conf. */
    String configuration() {
        return String.join("\n", settings) + "\n";
    }

    Path out() throws IOException {
        if (out == null) {
            out = Files.createTempDirectory("blkbackd-bench-");
        }
        return out;
    }
}
