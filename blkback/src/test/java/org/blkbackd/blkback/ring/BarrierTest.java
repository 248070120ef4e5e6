// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.ring;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import org.blkbackd.blkback.blkif.Blkif;
import org.blkbackd.blkback.blkif.BlkifAbi;
import org.blkbackd.ioengine.DiskSpec;
import org.blkbackd.ioengine.IoRequest.Operation;
import org.blkbackd.ioengine.memory.MemoryProvider;
import org.blkbackd.ioengine.sim.FaultyDisk;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** WRITE_BARRIER: not advertised, carried out for frontends that send it all the same. */
class BarrierTest {

    private static final int EIO = 5;

    @TempDir
    private Path dir;
    private final FaultyDisk disk =
        FaultyDisk.wrap(new MemoryProvider().open(DiskSpec.parse("memory:1M"), false));
    private RingRig rig;

    @BeforeEach
    void attach() {
        rig = new RingRig(dir, disk, false, BlkifAbi.NATIVE, 0);
    }

    @AfterEach
    void leavesNothing() {
        rig.stop();
        assertTrue(rig.told.isEmpty(), rig.told::toString);
        rig.close();
        disk.close();
    }

    @Test
    void waitsForWhatCameBeforeAndHoldsUpWhatComesAfter() {
        disk.faults().hold();
        rig.request(Blkif.OP_WRITE, 1, 0);
        rig.request(Blkif.OP_WRITE, 2, 8);
        rig.request(Blkif.OP_WRITE_BARRIER, 3, 16);
        rig.request(Blkif.OP_WRITE, 4, 24);
        rig.push();
        await().until(() -> disk.faults().held() == 2);
        assertEquals(0, disk.faults().count(Operation.FLUSH), "the barrier has not begun");
        disk.faults().release();
        for (long id = 1; id <= 4; id++) {
            assertEquals(Blkif.RSP_OKAY, rig.response().status());
        }
        assertEquals(2, disk.faults().count(Operation.FLUSH), "before its data and after");
        assertEquals(4, disk.faults().count(Operation.WRITE));
    }

    @Test
    void isAnsweredBeforeAnythingThatCameAfterIt() {
        for (int round = 0; round < 50; round++) {
            for (int i = 0; i < 8; i++) {
                rig.request(Blkif.OP_WRITE, i, i * 8L);
            }
            rig.request(Blkif.OP_WRITE_BARRIER, 100, 0);
            for (int i = 0; i < 8; i++) {
                rig.request(Blkif.OP_READ, 200 + i, i * 8L);
            }
            rig.push();
            int before = 0;
            for (long id = rig.response().id(); id != 100; id = rig.response().id()) {
                assertTrue(id < 100, "answered before the barrier: " + id);
                before++;
            }
            assertEquals(8, before);
            for (int i = 0; i < 8; i++) {
                assertTrue(rig.response().id() >= 200);
            }
        }
    }

    @Test
    void withoutDataIsAFlush() {
        int slot = rig.front.claim();
        rig.front.header(slot, Blkif.OP_WRITE_BARRIER, 0, 1, 0);
        rig.answer(Blkif.RSP_OKAY, Blkif.OP_WRITE_BARRIER, 1);
        assertEquals(1, disk.faults().count(Operation.FLUSH));
        assertEquals(0, disk.faults().count(Operation.WRITE));
    }

    @Test
    void isHeldWhenItsFlushFailsAndNothingPassesIt() {
        disk.faults().failNext(Operation.FLUSH, EIO);
        rig.request(Blkif.OP_WRITE_BARRIER, 1, 0);
        rig.push();
        rig.expect("held FLUSH " + EIO);
        rig.request(Blkif.OP_READ, 2, 0);
        rig.push();
        rig.worker.retryRing(rig.ring);
        rig.expect("unheld");
        assertEquals(1, rig.response().id());
        assertEquals(2, rig.response().id());
    }

    @Test
    void isAnErrorWhenItsDataCannotBeWritten() {
        disk.faults().failNext(Operation.WRITE, EIO);
        rig.request(Blkif.OP_WRITE_BARRIER, 1, 0);
        rig.answer(Blkif.RSP_ERROR, Blkif.OP_WRITE_BARRIER, 1);
        assertEquals("WRITE 0 5", rig.failures.poll());
        rig.request(Blkif.OP_WRITE, 2, 0);
        rig.answer(Blkif.RSP_OKAY, Blkif.OP_WRITE, 2);
    }

    @Test
    void stoppingAnswersWhatWaitsBehindIt() {
        disk.faults().hold();
        rig.request(Blkif.OP_WRITE, 1, 0);
        rig.request(Blkif.OP_WRITE_BARRIER, 2, 8);
        rig.request(Blkif.OP_WRITE, 3, 16);
        rig.push();
        await().until(() -> disk.faults().held() == 1);
        rig.worker.stopRing(rig.ring);
        disk.faults().release();
        rig.released();
        for (int i = 0; i < 3; i++) {
            assertEquals(Blkif.RSP_OKAY, rig.response().status());
        }
    }

    @Test
    void aVanishedGuestsBarrierIsForgotten() {
        disk.faults().hold();
        rig.request(Blkif.OP_WRITE, 1, 0);
        rig.request(Blkif.OP_WRITE_BARRIER, 2, 8);
        rig.request(Blkif.OP_WRITE, 3, 16);
        rig.push();
        await().until(() -> disk.faults().held() == 1);
        rig.worker.abandonRing(rig.ring);
        await().until(() -> rig.guest.mappedGrants() == 0);
        disk.faults().release();
        rig.released();
        assertEquals(1, disk.faults().count(Operation.WRITE));
    }
}
