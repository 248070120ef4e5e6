// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.crash;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** {@code blkbackd serve}, as it is shipped, in a process of its own; or {@code blkbackctl}. */
final class DaemonProcess implements AutoCloseable {

    private static final String READY = "ready in ";

    private final Process process;
    private final Path log;

    private DaemonProcess(Process process, Path log) {
        this.process = process;
        this.log = log;
    }

    /** {@code blkbackd serve} on a simulated host, with more arguments; {@code faults} as the property has them. */
    static DaemonProcess serve(Path folder, String name, String faults, String... more) throws IOException {
        List<String> arguments = new ArrayList<>(List.of("serve", "--xen", "sim:" + folder, "--config",
            settings(folder).toString()));
        arguments.addAll(List.of(more));
        List<String> command = java("-Dblkbackd.faults=" + faults, "org.blkbackd.blkback.cli.Blkbackd");
        command.add(1, "-Dblkbackd.launcher=" + launcher(folder));
        command.addAll(arguments);
        return start(command, folder.resolve(name + ".log"));
    }

    /** {@code blkbackctl}. */
    static DaemonProcess control(Path folder, String name, String... arguments) throws IOException {
        List<String> command = java("-Dnone=", "org.blkbackd.blkback.ctl.Blkbackctl");
        command.addAll(List.of("--socket", folder.resolve("control.sock").toString()));
        command.addAll(List.of(arguments));
        return start(command, folder.resolve(name + ".log"));
    }

    private static DaemonProcess start(List<String> command, Path log) throws IOException {
        return new DaemonProcess(new ProcessBuilder(command).redirectErrorStream(true)
            .redirectOutput(log.toFile()).start(), log);
    }

    private static List<String> java(String property, String main) {
        return new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx64m", "-Xss256k", "-XX:+ExitOnOutOfMemoryError",
            "--enable-native-access=ALL-UNNAMED", "-Dio.netty.machineId=02:00:00:00:00:01", property, "-cp",
            System.getProperty("java.class.path"), main));
    }

    private static Path settings(Path folder) throws IOException {
        return Files.writeString(folder.resolve("blkbackd.conf"), "workers = 2\n");
    }

    /** What the daemon starts its successor by, in the place of bin/blkbackd. */
    private static Path launcher(Path folder) throws IOException {
        Path script = folder.resolve("launcher");
        if (!Files.exists(script)) {
            List<String> command = java("-Dblkbackd.launcher=" + script, "org.blkbackd.blkback.cli.Blkbackd");
            Files.writeString(script, "#!/bin/sh\nexec '" + String.join("' '", command) + "' \"$@\"\n");
            Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwx------"));
        }
        return script;
    }

    String log() {
        try {
            return Files.readString(log);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Waits until it serves. */
    DaemonProcess awaitReady() {
        long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(BackendProcess.PATIENCE_MS);
        while (!log().contains(READY)) {
            if (!process.isAlive() || System.nanoTime() > deadline) {
                throw new AssertionError("the daemon does not serve:\n" + log());
            }
            BackendProcess.nap();
        }
        return this;
    }

    long pid() {
        return process.pid();
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /** Waits for its end and returns its exit status. */
    int awaitEnd() {
        try {
            if (!process.waitFor(BackendProcess.PATIENCE_MS, TimeUnit.MILLISECONDS)) {
                throw new AssertionError("is still there:\n" + log());
            }
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
        return process.exitValue();
    }

    @Override
    public void close() {
        process.destroyForcibly();
        awaitEnd();
    }
}
