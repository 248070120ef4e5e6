// SPDX-License-Identifier: Apache-2.0

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where the daemon's time for one block goes, in microseconds and crossings into the kernel. The same load runs alone,
 * under strace, and under perf or, where that does not work, Java's flight recorder.
 */
final class Profile {

    private static final int MOST_SYMBOLS = 30;
    private static final int MOST_TRIES = 10;
    /** "% time, seconds, usecs/call, calls, errors (or nothing), syscall" of strace -c. */
    private static final Pattern CALLS =
        Pattern.compile("\\s*[\\d.]+\\s+[\\d.]+\\s+\\d+\\s+(\\d+)\\s+(?:\\d+\\s+)?(\\w+)");
    private static final Pattern SHARE = Pattern.compile("\\s*([\\d.]+)%\\s+(.*\\S)\\s*");

    private final Daemon daemon;
    private final long pid;
    private final Path folder;
    private final Supplier<Meter> meters;
    private final LoadGuest guest;

    /** @param folder for the tools' files */
    Profile(Daemon daemon, Path folder, Supplier<Meter> meters, LoadGuest guest) {
        this.daemon = daemon;
        pid = daemon.pid();
        this.folder = folder;
        this.meters = meters;
        this.guest = guest;
    }

    void run() throws IOException, InterruptedException {
        Meter alone = load();
        System.out.println("   alone: " + alone.sample());
        System.out.printf(Locale.ROOT, "   events for 1000 requests: %.0f to the daemon, %.0f from it%n",
            alone.sample().kicks(), alone.sample().wakeUps());
        counters();
        crossings();
        double cpuUs = alone.sample().cpuUs();
        if (!perf(cpuUs)) {
            new FlightRecorder(pid, folder.resolve("load.jfr")).run(this::load, cpuUs, MOST_SYMBOLS);
        }
    }

    private Meter load() {
        Meter meter = meters.get();
        guest.run(meter);
        return meter;
    }

    /** The daemon's own: blkbackctl takes the difference of a second, in which the load must run. */
    private void counters() throws IOException, InterruptedException {
        Path said = folder.resolve("stats");
        Process stats = new ProcessBuilder(daemon.controlCommand("stats")).redirectErrorStream(true)
            .redirectOutput(said.toFile()).start();
        load();
        stats.waitFor();
        System.out.println("   blkbackctl stats, in a second of that load:");
        Files.readAllLines(said).forEach(line -> System.out.println("      " + line));
    }

    // --- crossings --------------------------------------------------------------------------------------------------

    private void crossings() throws IOException, InterruptedException {
        Path counts = folder.resolve("strace");
        Process strace = start(List.of("strace", "-f", "-c", "-o", counts.toString(), "-p", Long.toString(pid)));
        if (strace == null) {
            System.out.println("   crossings: not counted, there is no strace");
            return;
        }
        // Until it is attached: the first line it says.
        String said = strace.inputReader().readLine();
        Meter meter = load();
        strace.toHandle().destroy();
        strace.waitFor();
        List<String> lines = Files.exists(counts) ? Files.readAllLines(counts) : List.of();
        if (lines.isEmpty()) {
            System.out.println("   crossings: strace counted nothing: " + said);
            return;
        }
        List<Share> calls = new ArrayList<>();
        for (String line : lines) {
            Matcher matcher = CALLS.matcher(line);
            if (matcher.matches() && !matcher.group(2).equals("total")) {
                calls.add(new Share(Double.parseDouble(matcher.group(1)) / meter.all(), matcher.group(2)));
            }
        }
        System.out.printf(Locale.ROOT, "   crossings of the daemon for one block: %.2f (strace slows it down"
            + " and so changes batches; %d blocks)%n", calls.stream().mapToDouble(Share::value).sum(), meter.all());
        print(calls, "%10.3f  %s%n");
    }

    // --- time -------------------------------------------------------------------------------------------------------

    /** False when there is no perf, or it is not allowed. */
    private boolean perf(double cpuUs) throws IOException, InterruptedException {
        Path data = folder.resolve("perf.data");
        Process perf = startPerf(List.of("perf", "record", "-q", "-F", "1999", "-p", Long.toString(pid), "-o",
            data.toString()));
        if (perf == null) {
            return false;
        }
        load();
        // Names of what Java has compiled, for perf: /tmp/perf-PID.map.
        said(List.of(Path.of(System.getProperty("java.home"), "bin", "jcmd").toString(), Long.toString(pid),
            "Compiler.perfmap"));
        // Process.destroy would close the pipe, too, and a tool that still has to say something would not finish.
        perf.toHandle().destroy();
        String complaint = new String(perf.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        perf.waitFor();
        List<Share> objects = shares(data, "dso", cpuUs);
        if (objects.isEmpty()) {
            System.out.println("   perf recorded nothing: " + complaint);
            return false;
        }
        System.out.printf(Locale.ROOT, "   CPU time of the daemon for one block, by perf: %.2f us%n", cpuUs);
        print(objects, "%10.2f us  %s%n");
        System.out.println("   of it the largest:");
        List<Share> symbols = shares(data, "dso,symbol", cpuUs);
        print(symbols.subList(0, Math.min(MOST_SYMBOLS, symbols.size())), "%10.2f us  %s%n");
        Files.deleteIfExists(Path.of("/tmp/perf-" + pid + ".map"));
        return true;
    }

    /** It gives up when a thread of the daemon ends just while it attaches. */
    private static Process startPerf(List<String> command) throws InterruptedException {
        Process perf = start(command);
        for (int tries = 1; perf != null && tries < MOST_TRIES && perf.waitFor(1, TimeUnit.SECONDS); tries++) {
            perf = start(command);
        }
        return perf;
    }

    private List<Share> shares(Path data, String sort, double cpuUs) throws IOException, InterruptedException {
        List<Share> shares = new ArrayList<>();
        for (String line : said(List.of("perf", "report", "-i", data.toString(), "--stdio", "-q", "--sort", sort))
            .split("\n")) {
            Matcher matcher = SHARE.matcher(line);
            if (matcher.matches() && !line.startsWith("#")) {
                shares.add(new Share(Double.parseDouble(matcher.group(1)) / 100 * cpuUs,
                    matcher.group(2).replaceAll("(\\s+-)*$", "").replaceAll("\\s+", " ")));
            }
        }
        return shares;
    }

    // --- tools ------------------------------------------------------------------------------------------------------

    /** Null when there is no such program. */
    private static Process start(List<String> command) {
        try {
            Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
            Runtime.getRuntime().addShutdownHook(new Thread(process::destroy));
            return process;
        } catch (IOException e) {
            return null;
        }
    }

    private static String said(List<String> command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        process.waitFor();
        return said;
    }

    private static void print(List<Share> shares, String format) {
        shares.stream().filter(share -> share.value() >= 0.001)
            .sorted(Comparator.comparingDouble(Share::value).reversed())
            .forEach(share -> System.out.printf(Locale.ROOT, "   " + format, share.value(), share.name()));
    }

    private record Share(double value, String name) {
    }
}
