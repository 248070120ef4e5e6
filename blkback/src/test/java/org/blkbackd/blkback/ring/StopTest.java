// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.ring;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import org.blkbackd.blkback.blkif.Blkif;
import org.blkbackd.blkback.blkif.BlkifAbi;
import org.blkbackd.blkback.sim.FrontResponse;
import org.blkbackd.ioengine.DiskSpec;
import org.blkbackd.ioengine.IoRequest.Operation;
import org.blkbackd.ioengine.memory.MemoryProvider;
import org.blkbackd.ioengine.sim.FaultyDisk;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A ring ends only when every request that it ever took is answered, or left to a successor. */
class StopTest {

    private static final int WRAPS = 50;

    @TempDir
    private Path dir;
    private final FaultyDisk disk =
        FaultyDisk.wrap(new MemoryProvider().open(DiskSpec.parse("memory:1M"), false));
    private RingRig rig;

    @BeforeEach
    void oneOldRequestStaysInFlightWhileTheRingIsWrappedManyTimes() {
        rig = new RingRig(dir, disk, false, BlkifAbi.NATIVE, 0xFFFFFFF0);
        disk.faults().hold(request -> request.operation() == Operation.WRITE && request.offsetBytes() == 0);
        rig.request(Blkif.OP_WRITE, 1, 0);
        rig.push();
        await().until(() -> disk.faults().held() == 1);
        for (int i = 0; i < WRAPS * 32; i++) {
            rig.request(Blkif.OP_WRITE, 2, 8);
            rig.answer(Blkif.RSP_OKAY, Blkif.OP_WRITE, 2);
        }
    }

    @AfterEach
    void leavesNothing() {
        rig.close();
        disk.close();
    }

    @Test
    void stopWaitsForRequestOne() {
        rig.worker.stopRing(rig.ring);
        leavesTheOldOneAlone();
        disk.faults().release();
        FrontResponse response = rig.response();
        assertEquals(1, response.id());
        assertEquals(Blkif.RSP_OKAY, response.status());
        rig.expect("released 0");
        assertFalse(rig.front.take(response), "answered twice");
    }

    @Test
    void aStopForASuccessorWaitsForRequestOneToo() {
        rig.worker.keepRing(rig.ring);
        leavesTheOldOneAlone();
        disk.faults().release();
        assertEquals(1, rig.response().id());
        rig.expect("released 0");
    }

    @Test
    void whatComesAfterAStopIsNotTaken() {
        rig.worker.stopRing(rig.ring);
        rig.request(Blkif.OP_READ, 3, 0);
        rig.push();
        rig.kick();
        disk.faults().release();
        assertEquals(1, rig.response().id());
        rig.expect("released 0");
        assertFalse(rig.front.take(new FrontResponse()));
        assertEquals(0, rig.guest.mappedGrants());
    }

    /** It cannot be shown that something never happens; ten round trips of the worker are a good while for it. */
    private void leavesTheOldOneAlone() {
        for (int i = 0; i < 10; i++) {
            boolean[] ran = new boolean[1];
            rig.worker.probe(() -> {
                synchronized (ran) {
                    ran[0] = true;
                }
            });
            await().until(() -> {
                synchronized (ran) {
                    return ran[0];
                }
            });
        }
        assertNull(rig.told.poll());
        assertTrue(rig.guest.mappedGrants() > 0);
        assertFalse(rig.front.take(new FrontResponse()));
    }

    @Test
    void aRingThatWasTakenUpMayLoseItsFrontendBeforeItsFirstTurn() {
        disk.faults().release();
        assertEquals(1, rig.response().id());
        rig.worker.keepRing(rig.ring);
        rig.expect("released 0");
        // both from a command of the worker's, so that no turn comes between them
        RingSpec kept = rig.ring.spec();
        RingSpec found = new RingSpec(kept.name(), kept.queue(), kept.domid(), kept.ringRefs(), kept.remotePort(),
            kept.abi(), disk, kept.limits(), kept.policy(), kept.throttle(), kept.journal(), RingSpec.Start.UNKNOWN);
        rig.worker.probe(() -> rig.worker.abandonRing(rig.worker.attachRing(found)));
        rig.expect("attached");
        rig.expect("released 0");
        assertNull(rig.told.poll(), "no event is sent to nobody");
    }
}
