// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.xenstore.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.blkbackd.xenstore.Permission;
import org.blkbackd.xenstore.Xenstore;
import org.blkbackd.xenstore.XenstoreException;
import org.blkbackd.xenstore.client.XenstoreClient;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What the simulator has beyond the contract: its sockets, its faults, its quotas. */
@Timeout(60)
class SimXenstoredTest {

    @TempDir
    private Path directory;

    private static String error(Runnable call) {
        return assertThrows(XenstoreException.class, call::run).error();
    }

    @Test
    void aDomainsSocketIsThereWhileItIsIntroduced() {
        try (SimXenstored sim = SimXenstored.start(directory)) {
            assertFalse(Files.exists(sim.socket(5)));
            sim.introduce(5);
            sim.introduce(5);
            assertTrue(Files.exists(sim.socket(5)));
            sim.release(5);
            sim.release(5);
            assertFalse(Files.exists(sim.socket(5)));
            sim.introduce(5);
            XenstoreClient.connect(sim.socket(5)).close();
        }
        assertFalse(Files.exists(directory.resolve("socket")));
        assertFalse(Files.exists(directory.resolve("socket.5")));
    }

    @Test
    void dropsTheConnectionsOfOneDomainAlone() throws InterruptedException {
        try (SimXenstored sim = SimXenstored.start(directory)) {
            sim.introduce(5);
            try (Xenstore dom0 = XenstoreClient.connect(sim.socket());
                    Xenstore guest = XenstoreClient.connect(sim.socket(5))) {
                BlockingQueue<String> events = new LinkedBlockingQueue<>();
                BlockingQueue<String> dom0Events = new LinkedBlockingQueue<>();
                guest.watch("device", events::add);
                dom0.watch("/a", dom0Events::add);
                assertEquals("device", events.take());
                assertEquals("/a", dom0Events.take());
                sim.dropConnections(5);
                assertEquals("device", events.take());
                dom0.read("/tool");
                assertTrue(dom0Events.isEmpty());
            }
        }
    }

    @Test
    void aShutdownFiresReleaseDomain() throws InterruptedException {
        try (SimXenstored sim = SimXenstored.start(directory); Xenstore dom0 = XenstoreClient.connect(sim.socket())) {
            BlockingQueue<String> events = new LinkedBlockingQueue<>();
            dom0.watch("@releaseDomain", events::add);
            assertEquals("@releaseDomain", events.take());
            sim.fireReleaseDomain();
            assertEquals("@releaseDomain", events.take());
        }
    }

    @Test
    void quotasCanBeChosen() {
        try (SimXenstored sim = SimXenstored.start(directory, new SimQuotas(2, 0, 100, 10, 5, 1024))) {
            sim.introduce(5);
            try (Xenstore dom0 = XenstoreClient.connect(sim.socket());
                    Xenstore guest = XenstoreClient.connect(sim.socket(5))) {
                dom0.mkdir("/local/domain/5");
                dom0.setPermissions("/local/domain/5", List.of(new Permission(Permission.Access.NONE, 5)));
                guest.write("a", "1");
                assertEquals("ENOSPC", error(() -> guest.write("b", "1")));
                assertEquals("ENOSPC", error(() -> guest.write("a", "v".repeat(100))));
                guest.watch("a", path -> { });
                assertEquals("E2BIG", error(() -> guest.watch("b", path -> { })));
            }
        }
    }

    @Test
    void aDomainMayNotOpenSpecialWatchesToItself() {
        try (SimXenstored sim = SimXenstored.start(directory)) {
            sim.introduce(5);
            List<Permission> open = List.of(new Permission(Permission.Access.READ, 5));
            try (Xenstore dom0 = XenstoreClient.connect(sim.socket());
                    Xenstore guest = XenstoreClient.connect(sim.socket(5))) {
                assertEquals("EACCES", error(() -> guest.setPermissions("@releaseDomain", open)));
                assertEquals("EINVAL", error(() -> dom0.setPermissions("@other", open)));
            }
        }
    }
}
