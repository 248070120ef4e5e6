// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.blkbackd.ioengine.DiskException;
import org.blkbackd.ioengine.DiskInfo;
import org.blkbackd.ioengine.EngineDriver;
import org.blkbackd.ioengine.Errno;
import org.blkbackd.ioengine.IoMemory;
import org.blkbackd.ioengine.IoRequest;
import org.blkbackd.ioengine.IoRequest.Operation;
import org.blkbackd.ioengine.Measured;
import org.blkbackd.ioengine.memory.MemoryDisk;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class FaultyDiskTest {

    private final FaultyDisk disk = FaultyDisk.wrap(new MemoryDisk(1 << 20, false));
    private final DiskFaults faults = disk.faults();
    private final IoMemory memory = IoMemory.allocate(4096);
    private final EngineDriver driver = new EngineDriver(disk, 8);

    @AfterEach
    void close() {
        faults.release();
        driver.close();
        disk.close();
        memory.close();
    }

    @Test
    void failsTheRequestItWasToldTo() {
        faults.failNth(Operation.WRITE, 2, Errno.ENOSPC);
        assertEquals(0, driver.run(write(0)));
        assertEquals(0, driver.run(read(0)));
        assertEquals(-Errno.ENOSPC, driver.run(write(4096)));
        assertEquals(0, driver.run(write(4096)));
        assertEquals(3, faults.count(Operation.WRITE));
    }

    @Test
    void aFailedWriteDoesNotReachTheDisk() {
        memory.buffer(0, 4096).put(0, (byte) 1);
        faults.failNext(Operation.WRITE, Errno.EIO);
        assertEquals(-Errno.EIO, driver.run(write(0)));
        assertEquals(0, driver.run(read(0)));
        assertEquals(0, memory.buffer(0, 4096).get(0));
    }

    @Test
    void failsARangeUntilItIsHealed() {
        faults.failRange(Operation.READ, 8192 + 512, 8192 + 1024, Errno.EIO);
        assertEquals(0, driver.run(read(4096)));
        assertEquals(-Errno.EIO, driver.run(read(8192)));
        assertEquals(-Errno.EIO, driver.run(read(8192)));
        assertEquals(0, driver.run(read(12288)));
        faults.heal();
        assertEquals(0, driver.run(read(8192)));
    }

    @Test
    void failsFlushesForGood() {
        faults.fail(Operation.FLUSH, Errno.EIO);
        assertEquals(-Errno.EIO, driver.run(EngineDriver.flush()));
        assertEquals(-Errno.EIO, driver.run(EngineDriver.flush()));
    }

    @Test
    void holdsCompletionsAndReleasesThemInAnotherOrder() {
        faults.hold();
        IoRequest[] requests = {write(0), write(4096), write(8192)};
        for (IoRequest request : requests) {
            driver.start(request);
        }
        assertNull(driver.engine().reap());
        assertEquals(3, faults.held());
        assertEquals(3, driver.engine().inFlight());
        assertThrows(IllegalStateException.class, driver.engine()::close);
        faults.release(1);
        assertSame(requests[1], driver.await());
        faults.releaseReversed();
        assertSame(requests[2], driver.await());
        assertSame(requests[0], driver.await());
        assertEquals(0, driver.run(write(0)));
    }

    @Test
    void holdsOnlyWhatItWasToldTo() {
        faults.hold(request -> request.operation() == Operation.FLUSH);
        IoRequest flush = EngineDriver.flush();
        driver.start(flush);
        assertEquals(0, driver.run(read(0)));
        assertEquals(1, faults.held());
        faults.releaseShuffled(1);
        assertSame(flush, driver.await());
    }

    @Test
    void heldCompletionsCountAgainstTheDepth() {
        faults.hold();
        for (int i = 0; i < 8; i++) {
            assertTrue(driver.engine().submit(write(0)));
        }
        driver.engine().kick();
        assertNull(driver.engine().reap());
        assertEquals(8, driver.engine().inFlight());
        assertEquals(false, driver.engine().submit(write(0)));
    }

    @Test
    void failsDiscardsAndLeavesTheDataThere() {
        memory.buffer(0, 4096).put(0, (byte) 7);
        assertEquals(0, driver.run(write(0)));
        faults.failNext(Operation.DISCARD, Errno.EIO);
        IoRequest discard = new IoRequest(1);
        discard.prepareDiscard(0, 4096);
        assertEquals(-Errno.EIO, driver.run(discard));
        assertEquals(0, driver.run(read(0)));
        assertEquals(7, memory.buffer(0, 4096).get(0));
    }

    @Test
    void failsMeasuringUntilItIsHealed() {
        DiskInfo before = disk.info();
        faults.failMeasuring(DiskException.Kind.IO, "no answer");
        assertEquals("no answer", assertThrows(DiskException.class, disk::remeasure).getMessage());
        assertEquals("no answer", assertThrows(DiskException.class, () -> disk.grow(2 << 20)).getMessage());
        assertEquals(before, disk.info());
        faults.heal();
        assertEquals(before.withSize(2 << 20), disk.grow(2 << 20).info());
    }

    @Test
    void saysThatItsStorageShrank() {
        faults.shrinkStorage(4096);
        assertEquals(new Measured(disk.info(), 4096), disk.remeasure());
        assertTrue(disk.remeasure().shrunk());
        faults.heal();
        assertEquals(false, disk.remeasure().shrunk());
    }

    private IoRequest read(long offset) {
        return EngineDriver.request(Operation.READ, offset, memory.address(), 4096);
    }

    private IoRequest write(long offset) {
        return EngineDriver.request(Operation.WRITE, offset, memory.address(), 4096);
    }
}
