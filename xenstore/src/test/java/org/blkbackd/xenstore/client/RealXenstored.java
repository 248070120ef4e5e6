// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.xenstore.client;

import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/**
 * Debian's xenstored with no hypervisor, run by a script that is called with a directory and prints "ready SOCKET":
 * {@code src/test/xenstored/run}, or another one named in the environment.
 */
final class RealXenstored implements AutoCloseable {

    private final Path directory;
    private final Process process;
    private final Path socket;

    private RealXenstored(Path directory, Process process, Path socket) {
        this.directory = directory;
        this.process = process;
        this.socket = socket;
    }

    /** Starts it, or skips the test with the reason and what would run it. */
    static RealXenstored start(Path directory) throws IOException {
        Path log = directory.resolve("log");
        Process process = new ProcessBuilder(script().toString(), directory.toString())
                .redirectError(log.toFile()).start();
        Runtime.getRuntime().addShutdownHook(new Thread(process::destroyForcibly));
        BufferedReader out = new BufferedReader(new InputStreamReader(process.getInputStream(),
                StandardCharsets.UTF_8));
        for (String line = out.readLine(); line != null; line = out.readLine()) {
            if (line.startsWith("ready ")) {
                return new RealXenstored(directory, process, Path.of(line.substring("ready ".length())));
            }
        }
        process.destroy();
        return fail("xenstored did not start: " + Files.readString(log));
    }

    private static Path script() {
        String named = System.getProperty("blkbackd.xenstored.run", System.getenv("BLKBACKD_XENSTORED_RUN"));
        if (named != null && !named.isEmpty()) {
            return Path.of(named);
        }
        assumeTrue(!"0".equals(System.getenv("BLKBACKD_REAL_XENSTORED")),
                "the real xenstored is left out because BLKBACKD_REAL_XENSTORED=0");
        Path cache = cache();
        boolean cached = Files.isExecutable(cache.resolve("usr/lib/xen-4.17/bin/xenstored"))
                && Files.exists(cache.resolve("libxenshim.so"));
        assumeTrue(cached || "install".equals(System.getProperty("blkbackd.xenstored")),
                "no xenstored in " + cache + ". On Debian 12 with apt-get, dpkg and gcc this fetches one (3 MB)"
                + " and runs the test: mvn -pl xenstore verify -Dblkbackd.xenstored=install");
        return Path.of("src/test/xenstored/run").toAbsolutePath();
    }

    private static Path cache() {
        String named = System.getenv("BLKBACKD_XENSTORED_CACHE");
        String home = System.getenv().getOrDefault("HOME", System.getProperty("user.home"));
        return named == null ? Path.of(home, ".cache/blkbackd/xenstored-4.17") : Path.of(named);
    }

    Path socket() {
        return socket;
    }

    /** A page that the domain has granted: its xenstore ring. */
    Path ring(int domid) {
        return directory.resolve("grant." + domid + ".1");
    }

    void create(int domid) {
        try {
            Files.createFile(directory.resolve("dom").resolve(Integer.toString(domid)));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /** The domain dies: VIRQ_DOM_EXC makes xenstored look. */
    void kill(int domid) {
        try {
            Files.delete(directory.resolve("dom").resolve(Integer.toString(domid)));
            notify(2);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /** xenstored's end of the event channel that was bound to the domain's port. */
    int localPort(int domid, int remotePort) throws IOException {
        return Integer.parseInt(Files.readString(directory.resolve("port." + domid + "." + remotePort)).strip());
    }

    void notify(int localPort) throws IOException {
        // For reading and writing: opening a FIFO for writing alone would wait for a reader.
        try (RandomAccessFile events = new RandomAccessFile(
                directory.resolve("evtchn").toFile(), "rw")) {
            events.write(new byte[] {(byte) localPort, (byte) (localPort >> 8), (byte) (localPort >> 16), 0});
        }
    }

    @Override
    public void close() {
        process.destroy();
        try {
            if (!process.waitFor(10, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
