// SPDX-License-Identifier: Apache-2.0

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** The daemon of a distribution, on a simulated host. It ends with this process. */
final class Daemon implements AutoCloseable {

    private static final long PATIENCE_NS = TimeUnit.SECONDS.toNanos(120);

    private final Process process;
    private final Path log;
    private final Path distribution;
    private final Path host;

    /** Returns when it is ready. Its number is in {@code daemon.pid} beside the host's folder. */
    Daemon(Path distribution, Path host, Path configuration) throws IOException, InterruptedException {
        this.distribution = distribution;
        this.host = host;
        log = host.resolveSibling("daemon.log");
        process = new ProcessBuilder(List.of(distribution.resolve("bin/blkbackd").toString(), "serve", "--xen",
            "sim:" + host, "--config", configuration.toString())).redirectErrorStream(true)
            .redirectOutput(log.toFile()).start();
        Files.writeString(host.resolveSibling("daemon.pid"), Long.toString(process.pid()));
        Runtime.getRuntime().addShutdownHook(new Thread(process::destroy));
        long deadline = System.nanoTime() + PATIENCE_NS;
        while (!Files.readString(log).contains(" ready in ")) {
            if (!process.isAlive() || System.nanoTime() > deadline) {
                throw new IOException("the daemon does not start: " + Files.readString(log));
            }
            Thread.sleep(50);
        }
    }

    long pid() {
        return process.pid();
    }

    /** To ask it with {@code blkbackctl}. */
    List<String> controlCommand(String word) {
        return List.of(distribution.resolve("bin/blkbackctl").toString(), "--socket",
            host.resolve("control.sock").toString(), word);
    }

    @Override
    public void close() {
        process.destroy();
        process.onExit().join();
    }
}
