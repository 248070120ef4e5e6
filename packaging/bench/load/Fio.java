// SPDX-License-Identifier: Apache-2.0

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The same work by fio on the same files: io_uring, one process for each disk. */
final class Fio {

    private final double warmUpSeconds;
    private final double seconds;

    Fio(double warmUpSeconds, double seconds) {
        this.warmUpSeconds = warmUpSeconds;
        this.seconds = seconds;
    }

    static String version() throws IOException, InterruptedException {
        Process process = new ProcessBuilder("fio", "--version").start();
        String version = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        process.waitFor();
        return version;
    }

    List<String> command(Workload workload, List<Path> images, long mib) {
        List<String> command = new ArrayList<>(List.of("fio", "--ioengine=io_uring",
            "--direct=" + (workload.engine().equals("direct") ? 1 : 0), "--rw=" + rw(workload),
            "--bs=" + workload.blockKiB() + "k", "--iodepth=" + workload.depth(), "--size=" + mib + "m",
            "--time_based", "--ramp_time=" + millis(warmUpSeconds), "--runtime=" + millis(seconds),
            "--invalidate=0", "--fadvise_hint=0", "--norandommap", "--lat_percentiles=1", "--group_reporting",
            "--output-format=json"));
        for (int i = 0; i < images.size(); i++) {
            command.add("--name=disk" + i);
            command.add("--filename=" + images.get(i));
        }
        return command;
    }

    private static String rw(Workload workload) {
        return workload.random() ? workload.operation() : workload.write() ? "write" : "read";
    }

    private static String millis(double seconds) {
        return Math.round(seconds * 1000) + "ms";
    }

    Meter.Sample run(List<String> command, boolean write) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        Thread end = new Thread(process::destroy);
        Runtime.getRuntime().addShutdownHook(end);
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        int status = process.waitFor();
        Runtime.getRuntime().removeShutdownHook(end);
        int json = said.indexOf('{');
        if (status != 0 || json < 0) {
            throw new IOException("fio ended with " + status + ": " + said + "\n" + String.join(" ", command));
        }
        return parse(JSON.std.mapFrom(said.substring(json)), write);
    }

    /** With group_reporting there is one entry; its job_runtime is the sum over the jobs, in milliseconds. */
    private static Meter.Sample parse(Map<String, Object> result, boolean write) throws IOException {
        Map<?, ?> job = (Map<?, ?>) ((List<?>) result.get("jobs")).get(0);
        Map<?, ?> side = (Map<?, ?>) job.get(write ? "write" : "read");
        Map<?, ?> percentiles = (Map<?, ?>) ((Map<?, ?>) side.get("lat_ns")).get("percentile");
        double blocks = number(side, "total_ios");
        if (percentiles == null || blocks == 0) {
            throw new IOException("fio did nothing in the time to measure");
        }
        double cpuUs = (number(job, "usr_cpu") + number(job, "sys_cpu")) / 100 * number(job, "job_runtime") * 1000;
        return new Meter.Sample(number(side, "iops"), cpuUs / blocks, number(percentiles, "50.000000") / 1e3,
            number(percentiles, "99.000000") / 1e3, 0, 0, 0, (long) blocks);
    }

    private static double number(Map<?, ?> from, String name) {
        return ((Number) from.get(name)).doubleValue();
    }
}
