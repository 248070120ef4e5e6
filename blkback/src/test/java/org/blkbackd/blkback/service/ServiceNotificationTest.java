// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.blkbackd.blkback.notify.SimServiceManager;
import org.blkbackd.grant.sim.SimHypervisor;
import org.blkbackd.xenstore.sim.SimXenstored;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The daemon in a process of its own, on a simulated host, as systemd sees it. */
class ServiceNotificationTest {

    @TempDir
    private Path folder;

    private Process start(Path socket) throws IOException {
        Path settings = Files.createFile(folder.resolve("empty.conf"));
        ProcessBuilder daemon = new ProcessBuilder(List.of(Path.of(System.getProperty("java.home"), "bin/java")
            .toString(), "-cp", System.getProperty("java.class.path"), "-XX:TieredStopAtLevel=1",
            "org.blkbackd.blkback.cli.Blkbackd", "serve", "--xen", "sim:" + folder, "--config", settings.toString()));
        daemon.environment().putAll(Map.of("NOTIFY_SOCKET", socket.toString(), "WATCHDOG_USEC", "200000"));
        return daemon.redirectErrorStream(true).redirectOutput(folder.resolve("log").toFile()).start();
    }

    @Test
    void isReadyThenAliveThenStops() throws Exception {
        Path socket = folder.resolve("notify");
        Files.createDirectory(folder.resolve("xenstored"));
        SimHypervisor hypervisor = SimHypervisor.open(folder.resolve("hypervisor"));
        SimXenstored xenstored = SimXenstored.start(folder.resolve("xenstored"));
        try (SimServiceManager systemd = new SimServiceManager(socket.toString())) {
            Process daemon = start(socket);
            try {
                assertTrue(systemd.next().startsWith("READY=1\nSTATUS=serves vbd with "));
                for (int i = 0; i < 3; i++) {
                    assertEquals("WATCHDOG=1", systemd.next());
                }
                daemon.destroy();
                String last = systemd.next();
                while (last.equals("WATCHDOG=1")) {
                    last = systemd.next();
                }
                assertTrue(last.startsWith("STOPPING=1"), last);
                assertTrue(daemon.waitFor(30, TimeUnit.SECONDS));
                assertEquals(0, daemon.exitValue(), Files.readString(folder.resolve("log")));
            } finally {
                daemon.destroyForcibly();
            }
        } finally {
            xenstored.close();
            hypervisor.close();
        }
    }
}
