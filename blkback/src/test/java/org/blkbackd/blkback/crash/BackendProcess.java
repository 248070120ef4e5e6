// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.crash;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.blkbackd.blkback.config.BlkbackConfig;
import org.blkbackd.blkback.fault.FaultPoint;

/** A {@link BackendMain} that runs, seen from outside. Ends with the test, whatever happens. */
final class BackendProcess implements AutoCloseable {

    static final int KILLED = 128 + 9;
    static final long PATIENCE_MS = 60_000;
    /** More options for Java, for instance a class data archive. */
    private static final List<String> JAVA_OPTIONS = Arrays.stream(
        System.getProperty("crash.java.options", "").split(" ")).filter(option -> !option.isEmpty()).toList();

    /**
     * How it is started.
     *
     * @param faults      {@code blkbackd.faults}
     * @param seed        of its storage's delays
     * @param mostDelayMs of one request before the disk, and after it
     * @param heldFrom    with {@code heldTo}: writes to these bytes of a disk wait until the process dies
     * @param ioUring     the setting, {@code auto} or {@code off}
     */
    record Options(String faults, long seed, int mostDelayMs, long heldFrom, long heldTo, String ioUring) {

        static Options plain(long seed) {
            return new Options("", seed, 10, 0, 0, BlkbackConfig.DEFAULTS.ioUring());
        }

        Options faults(String newFaults) {
            return new Options(newFaults, seed, mostDelayMs, heldFrom, heldTo, ioUring);
        }

        Options holding(long from, long to) {
            return new Options(faults, seed, mostDelayMs, from, to, ioUring);
        }

        Options delay(int ms) {
            return new Options(faults, seed, ms, heldFrom, heldTo, ioUring);
        }

        Options ioUring(String word) {
            return new Options(faults, seed, mostDelayMs, heldFrom, heldTo, word);
        }
    }

    private final Process process;
    private final Path log;

    private BackendProcess(Process process, Path log) {
        this.process = process;
        this.log = log;
    }

    /** Starts one for a simulated host in {@code folder}; it writes to {@code log}. */
    static BackendProcess start(Path folder, Options options, Path log) {
        List<String> command = new ArrayList<>(List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-XX:TieredStopAtLevel=1",
            "-XX:+UseSerialGC", "-Xmx64m", "-Xss256k", "-XX:+ExitOnOutOfMemoryError", "-XX:-CreateCoredumpOnCrash",
            "-XX:ErrorFile=" + folder.resolve("hs_err"), "--enable-native-access=ALL-UNNAMED",
            "-Dio.netty.machineId=02:00:00:00:00:01", "-Dblkbackd.faults=" + options.faults(), "-cp",
            System.getProperty("java.class.path"), BackendMain.class.getName(), folder.toString(),
            Long.toString(options.seed()), Integer.toString(options.mostDelayMs()), Long.toString(options.heldFrom()),
            Long.toString(options.heldTo()), options.ioUring()));
        command.addAll(1, JAVA_OPTIONS);
        try {
            return new BackendProcess(new ProcessBuilder(command).redirectErrorStream(true)
                .redirectOutput(log.toFile()).start(), log);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Everything it has said. */
    String log() {
        try {
            return Files.readString(log);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Waits until it serves. */
    BackendProcess awaitReady() {
        awaitWord("\n" + BackendMain.READY + "\n");
        return this;
    }

    /** Waits until it has said this. */
    void awaitWord(String word) {
        long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(PATIENCE_MS);
        while (!("\n" + log()).contains(word)) {
            if (!process.isAlive() || System.nanoTime() > deadline) {
                throw new AssertionError("the backend " + (process.isAlive() ? "did not say \"" + word.strip() + "\""
                    : "ended with " + process.exitValue()) + ":\n" + log());
            }
            nap();
        }
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /** Has it die at the {@code visit}-th visit of a point from now. */
    void arm(FaultPoint point, int visit) {
        command("kill " + point + " " + visit);
    }

    /** As {@link BackendMain} takes them. */
    void command(String command) {
        try {
            process.getOutputStream().write((command + "\n").getBytes(StandardCharsets.UTF_8));
            process.getOutputStream().flush();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Waits for its end and returns how it ended; a time out is a failure. */
    int awaitEnd(long patienceMs) {
        try {
            if (!process.waitFor(patienceMs, TimeUnit.MILLISECONDS)) {
                throw new AssertionError("the backend is still alive after " + patienceMs + " ms:\n" + log());
            }
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
        return process.exitValue();
    }

    /** SIGKILL, and waits until it is gone. */
    void kill() {
        if (!process.isAlive()) {
            throw new AssertionError("the backend ended by itself, with " + process.exitValue() + ":\n" + log());
        }
        process.destroyForcibly();
        awaitEnd(PATIENCE_MS);
    }

    /** Any signal, by its name. */
    void signal(String name) {
        try {
            new ProcessBuilder("sh", "-c", "kill -" + name + " " + process.pid()).inheritIO().start().waitFor();
        } catch (IOException | InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        process.destroyForcibly();
        awaitEnd(PATIENCE_MS);
    }

    static void nap() {
        try {
            Thread.sleep(5);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
