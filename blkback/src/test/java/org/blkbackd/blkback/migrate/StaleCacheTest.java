// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.migrate;

import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import org.blkbackd.blkback.model.FaultLog;
import org.blkbackd.blkback.sim.DiskConfig;
import org.blkbackd.ioengine.file.FileOptions;
import org.junit.jupiter.api.Test;

/** The destination has read the image before the migration, and its kernel has the old bytes still. */
class StaleCacheTest {

    @Test
    void everyBlockThatTheGuestReadsIsNew() throws Exception {
        migrateToAHostWithAnOldCache(true);
    }

    /** The control: the same without the drop finds bytes of before. */
    @Test
    void withoutTheDropOldBlocksAreFound() {
        AssertionError found = assertThrows(AssertionError.class, () -> migrateToAHostWithAnOldCache(false));
        System.out.println("without the drop: " + found.getMessage());
        assertTrue(found.getMessage().matches("the guest: sector \\d+ holds generation \\d+, and must hold one of .*"),
            found.getMessage());
    }

    /** The destination reaches the image by a device with a page cache of its own; the source writes beneath that. */
    private static void migrateToAHostWithAnOldCache(boolean drops) throws Exception {
        try (FaultLog log = new FaultLog(); TwoHosts hosts = new TwoHosts(1,
            FileOptions.DEFAULTS.withCacheDrop(drops), false)) {
            Path image = hosts.image();
            try (LoopDevice device = LoopDevice.over(image);
                RandomAccessFile reader = new RandomAccessFile(device.path(), "r")) {
                migrate(hosts, image, device, reader);
            }
            assertNull(log.first());
        }
    }

    private static void migrate(TwoHosts hosts, Path image, LoopDevice device, RandomAccessFile reader)
        throws IOException {
        DiskConfig here = hosts.attach(0, "direct:" + image);
        MovingGuest guest = TwoHosts.guest("guest", 1, here);
        guest.boot(hosts.host(0), here);
        guest.awaitServed(50);
        reader.readFully(new byte[(int) reader.length()]);
        guest.awaitServed(500);
        guest.suspend();
        hosts.host(0).destroy(here.domid());
        DiskConfig there = DiskConfig.vbd(hosts.host(1).newDomain(), "xvda", "buffered:" + device.path());
        hosts.host(1).toolstack().attach(there);
        try {
            guest.wakeUp(hosts.host(1), there);
            guest.finish();
        } finally {
            guest.stop();
            hosts.host(1).destroy(there.domid());
        }
    }
}
