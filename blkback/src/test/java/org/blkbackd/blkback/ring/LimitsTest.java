// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.ring;

import static org.awaitility.Awaitility.await;
import static org.blkbackd.blkback.ring.RingCounters.Counter.LIMITED;
import static org.blkbackd.blkback.ring.RingCounters.Counter.REQUESTS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.nio.file.Path;
import java.util.List;
import org.blkbackd.blkback.blkif.Blkif;
import org.blkbackd.blkback.blkif.BlkifAbi;
import org.blkbackd.blkback.blkif.RateLimits;
import org.blkbackd.blkback.sim.FrontResponse;
import org.blkbackd.ioengine.Disk;
import org.blkbackd.ioengine.DiskSpec;
import org.blkbackd.ioengine.memory.MemoryProvider;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A ring whose guest asks for more than its disk may be asked for. */
@Timeout(60)
class LimitsTest {

    private static final RateLimits ONE_IN_A_WHILE = new RateLimits(1, 1, 0, 0);

    @TempDir
    private Path dir;
    private final Disk disk = new MemoryProvider().open(DiskSpec.parse("memory:1M"), false);
    private RingRig rig;

    @BeforeEach
    void start() {
        rig = new RingRig(dir, disk, false, BlkifAbi.NATIVE, 0);
    }

    @AfterEach
    void leavesNothing() {
        rig.stop();
        assertEquals(List.of(), List.copyOf(rig.told));
        rig.close();
        disk.close();
    }

    private void limit(RateLimits limits) {
        rig.throttle.limits(limits);
        rig.worker.probe(() -> { });
    }

    private void reads(int count) {
        for (int id = 0; id < count; id++) {
            rig.request(Blkif.OP_READ, id, 0);
        }
        rig.push();
    }

    private void answers(int count) {
        for (int i = 0; i < count; i++) {
            assertEquals(Blkif.RSP_OKAY, rig.response().status());
        }
        assertFalse(rig.front.take(new FrontResponse()), "an answer too many");
    }

    @Test
    void whatIsTooMuchStaysOnTheRing() {
        // Not one more in the time of the test: what is over the burst is owed for hours.
        rig.throttle.limits(new RateLimits(1, 4, 0, 0));
        rig.throttle.charge(0, System.nanoTime() + 3600_000_000_000L);
        reads(10);
        await().until(() -> rig.ring.counters().get(LIMITED) == 1);
        assertEquals(0, rig.ring.counters().get(REQUESTS));
        limit(RateLimits.NONE);
        answers(10);
        assertEquals(1, rig.ring.counters().get(LIMITED));
    }

    @Test
    void itIsDoneInTimeWithoutAnEvent() {
        limit(new RateLimits(50, 1, 0, 0));
        reads(20);
        answers(20);
        assertEquals(20, rig.ring.counters().get(REQUESTS));
    }

    @Test
    void anIdleRingIsNotLimited() {
        limit(ONE_IN_A_WHILE);
        rig.request(Blkif.OP_READ, 1, 0);
        rig.answer(Blkif.RSP_OKAY, Blkif.OP_READ, 1);
        assertEquals(0, rig.ring.counters().get(LIMITED));
    }

    @Test
    void aRingThatIsStoppedDoesNotWaitForItsLimits() {
        rig.throttle.limits(ONE_IN_A_WHILE);
        rig.throttle.charge(0, System.nanoTime() + 3600_000_000_000L);
        reads(10);
        await().until(() -> rig.ring.counters().get(LIMITED) == 1);
        rig.stop();
        assertEquals(0, rig.ring.counters().get(REQUESTS));
    }

    @Test
    void whatIsMalformedMovesNothing() {
        limit(new RateLimits(0, 0, 1, 1));
        for (int i = 0; i < 5; i++) {
            rig.request(77, i, 0);
            rig.answer(Blkif.RSP_EOPNOTSUPP, 77, i);
        }
        assertEquals(0, rig.ring.counters().get(LIMITED));
    }
}
