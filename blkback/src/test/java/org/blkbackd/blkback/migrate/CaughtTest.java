// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.migrate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import org.blkbackd.blkback.model.FaultLog;
import org.blkbackd.blkback.sim.DiskConfig;
import org.junit.jupiter.api.Test;

/** The checks themselves: what {@link MigrationTest} finds nowhere must be found where it is. */
class CaughtTest {

    /** The toolstack's word is not heard, and there is no lock: as every backend does it that knows nothing better. */
    @Test
    void twoDaemonsThatHaveAnImageWithoutALockAreCaught() throws Exception {
        try (FaultLog log = new FaultLog(); TwoHosts hosts = new TwoHosts(1)) {
            StorageRecord record = movedWithoutAHint(hosts, "buffered,exclusive=none", () -> { });
            assertTrue(record.broken().stream().anyMatch(rule -> rule.matches(
                "at \\d+ right#1 opened the image for writing while \\[left#1] have it")), record.broken().toString());
            assertNull(log.first());
        }
    }

    /** The same with the lock: the destination waits until the source is destroyed. */
    @Test
    void theLockAloneKeepsTheDestinationWaiting() throws Exception {
        try (FaultLog log = new FaultLog(); TwoHosts hosts = new TwoHosts(1)) {
            StorageRecord record = movedWithoutAHint(hosts, "buffered", () -> Thread.sleep(300));
            assertEquals(List.of(), record.broken());
            assertNull(log.first());
        }
    }

    private interface Pause {
        void pass() throws InterruptedException;
    }

    private static StorageRecord movedWithoutAHint(TwoHosts hosts, String engine, Pause beforeTheEnd)
        throws InterruptedException {
        Path image = hosts.image();
        DiskConfig here = hosts.attach(0, engine + ":" + image);
        MovingGuest guest = TwoHosts.guest("guest", 1, here);
        guest.boot(hosts.host(0), here);
        guest.awaitServed(50);
        guest.suspend();
        DiskConfig there = here.in(hosts.host(1).newDomain());
        hosts.host(1).toolstack().attach(there);
        guest.wakeUp(hosts.host(1), there);
        if (engine.contains("exclusive=none")) {
            guest.awaitServed(50);
        } else {
            beforeTheEnd.pass();
            assertEquals(0, hosts.record(image.toString()).opens("right"));
        }
        hosts.host(0).destroy(here.domid());
        guest.awaitServed(50);
        guest.stop();
        hosts.host(1).destroy(there.domid());
        return hosts.record(image.toString());
    }
}
