// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.sim;

import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.blkbackd.ioengine.Disk;
import org.blkbackd.ioengine.DiskSpec;
import org.blkbackd.ioengine.Disks;
import org.blkbackd.ioengine.EngineDriver;
import org.blkbackd.ioengine.IoRequest;
import org.blkbackd.ioengine.IoRequest.Operation;
import org.blkbackd.ioengine.memory.MemoryDisk;
import org.blkbackd.ioengine.memory.MemoryProvider;
import org.junit.jupiter.api.Test;

class SlowDiskTest {

    @Test
    void aSlowRequestIsOvertakenAndNotReturnedBeforeItsTime() {
        long delayMs = 100;
        Disk slow = SlowDisk.wrap(new MemoryDisk(1 << 20, false),
            request -> request.operation() == Operation.FLUSH ? delayMs : 0);
        try (slow; EngineDriver driver = new EngineDriver(slow, 2)) {
            IoRequest flush = EngineDriver.flush();
            IoRequest read = EngineDriver.request(Operation.READ, 0, 0, 0);
            long start = System.nanoTime();
            driver.start(flush);
            driver.start(read);
            assertSame(read, driver.await());
            assertSame(flush, driver.await());
            assertTrue(System.nanoTime() - start >= delayMs * 1_000_000);
        }
    }

    @Test
    void aProviderDecoratesWhatItOpens() {
        try (Disks disks = new Disks(List.of(new WrappingProvider(new MemoryProvider(), FaultyDisk::wrap)))) {
            disks.check(DiskSpec.parse("memory:1M"), false);
            try (Disk disk = disks.open(DiskSpec.parse("memory:1M"), false)) {
                assertTrue(disk instanceof FaultyDisk);
            }
        }
    }
}
