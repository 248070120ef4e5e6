// SPDX-License-Identifier: Apache-2.0

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;

/** Under what circumstances the figures of a run were taken. */
final class Conditions {

    private Conditions() {
    }

    static List<String> lines(Options options) throws IOException, InterruptedException {
        List<String> lines = new ArrayList<>();
        int cores = Runtime.getRuntime().availableProcessors();
        lines.add("command: " + System.getProperty("command"));
        lines.add(Instant.now().truncatedTo(ChronoUnit.SECONDS) + ", commit " + System.getProperty("commit") + ", "
            + cores + " CPUs, " + model() + ", Linux "
            + Files.readString(Path.of("/proc/sys/kernel/osrelease")).strip());
        lines.add("Java " + Runtime.version() + ", " + (options.fio() ? Fio.version() : "no fio") + ", images on "
            + System.getProperty("images.on") + ", load average at the start "
            + Files.readString(Path.of("/proc/loadavg")).split(" ")[0]);
        lines.add(options.rounds() + " rounds of " + options.seconds() + " s after " + options.warmUpSeconds()
            + " s to warm up, ours and fio's in turn; medians.");
        lines.add("One thread is all guests. The CPU time that it takes (load) comes from the same " + cores
            + " CPUs; fio has no guest beside it.");
        if (options.verify()) {
            lines.add("content is verified: the figures are not for comparing");
        }
        return lines;
    }

    private static String model() throws IOException {
        return Files.readAllLines(Path.of("/proc/cpuinfo")).stream().filter(line -> line.startsWith("model name"))
            .map(line -> line.substring(line.indexOf(':') + 2)).findFirst().orElse("CPU of unknown model");
    }
}
