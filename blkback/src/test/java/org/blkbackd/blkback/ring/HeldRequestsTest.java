// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.ring;

import static org.awaitility.Awaitility.await;
import static org.blkbackd.blkback.ring.RingCounters.Counter.HELD;
import static org.blkbackd.blkback.ring.RingCounters.Counter.HELD_FLUSHES;
import static org.blkbackd.blkback.ring.RingCounters.Counter.IO_ERRORS;
import static org.blkbackd.blkback.ring.RingCounters.Counter.REQUESTS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.blkbackd.blkback.blkif.Blkif;
import org.blkbackd.blkback.blkif.BlkifAbi;
import org.blkbackd.blkback.blkif.DiskLimits;
import org.blkbackd.blkback.blkif.ErrorPolicy;
import org.blkbackd.blkback.blkif.ErrorPolicy.OnError;
import org.blkbackd.blkback.sim.FrontResponse;
import org.blkbackd.ioengine.DiskSpec;
import org.blkbackd.ioengine.IoRequest.Operation;
import org.blkbackd.ioengine.memory.MemoryProvider;
import org.blkbackd.ioengine.sim.FaultyDisk;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What becomes of a request that the storage fails, by the disk's policy; and of the ring around it. */
class HeldRequestsTest {

    private static final int EIO = 5;
    private static final int ENOSPC = 28;

    @TempDir
    private Path dir;
    private final FaultyDisk disk =
        FaultyDisk.wrap(new MemoryProvider().open(DiskSpec.parse("memory:1M"), false));
    private final List<Long> tried = new ArrayList<>();
    private RingRig rig;

    private void attach(OnError onError, boolean stops) {
        rig = new RingRig(dir, disk, new DiskLimits(2048, 512, false, true), new ErrorPolicy(onError, stops),
            BlkifAbi.NATIVE, 0);
    }

    @AfterEach
    void leavesNothing() {
        disk.faults().heal();
        rig.stop();
        assertEquals(List.of(), List.copyOf(rig.told));
        rig.close();
        disk.close();
    }

    private boolean noResponse() {
        return !rig.front.take(new FrontResponse());
    }

    @ParameterizedTest
    @CsvSource({
        "REPORT, 28, false", "REPORT, 122, false", "REPORT, 5, false",
        "ENOSPC, 28, true", "ENOSPC, 122, true", "ENOSPC, 5, false", "ENOSPC, 30, false",
        "HOLD, 28, true", "HOLD, 5, true", "HOLD, 30, true", "HOLD, 116, true",
    })
    void aPolicySaysWhichErrorsTheGuestSees(OnError onError, int errno, boolean held) {
        attach(onError, false);
        disk.faults().fail(Operation.WRITE, errno);
        rig.request(Blkif.OP_WRITE, 1, 0);
        if (!held) {
            rig.answer(Blkif.RSP_ERROR, Blkif.OP_WRITE, 1);
            return;
        }
        rig.push();
        rig.expect("held WRITE " + errno);
        assertTrue(noResponse());
        assertEquals(1, rig.ring.counters().get(HELD));
        disk.faults().heal();
        rig.worker.retryRing(rig.ring);
        rig.expect("unheld");
        assertEquals(Blkif.RSP_OKAY, rig.response().status());
        assertEquals(0, rig.ring.counters().get(HELD));
    }

    @ParameterizedTest
    @CsvSource({"REPORT", "ENOSPC", "HOLD"})
    void noPolicyShowsAGuestAFailedFlush(OnError onError) {
        attach(onError, false);
        disk.faults().fail(Operation.FLUSH, EIO);
        int slot = rig.front.claim();
        rig.front.header(slot, Blkif.OP_FLUSH_DISKCACHE, 0, 1, 0);
        rig.push();
        rig.expect("held FLUSH " + EIO);
        assertTrue(noResponse());
    }

    @Test
    void aFlushThatFailsBesideAWriteIsToldToo() {
        attach(OnError.ENOSPC, false);
        disk.faults().fail(Operation.WRITE, ENOSPC);
        disk.faults().fail(Operation.FLUSH, EIO);
        rig.request(Blkif.OP_WRITE, 1, 0);
        rig.push();
        rig.expect("held WRITE " + ENOSPC);
        for (int i = 0; i < 2; i++) {
            int slot = rig.front.claim();
            rig.front.header(slot, Blkif.OP_FLUSH_DISKCACHE, 0, 2 + i, 0);
            rig.push();
        }
        rig.expect("held FLUSH " + EIO);
        await().until(() -> rig.ring.counters().get(HELD_FLUSHES) == 2);
        disk.faults().heal();
        rig.worker.retryRing(rig.ring);
        rig.expect("unheld");
        assertEquals(0, rig.ring.counters().get(HELD_FLUSHES));
        assertEquals(0, rig.ring.counters().get(HELD));
    }

    @Test
    void aDiscardThatIsNotSupportedIsNoFailure() {
        attach(OnError.HOLD, false);
        disk.faults().fail(Operation.DISCARD, 95);
        int slot = rig.front.claim();
        rig.front.discard(slot, 0, 1, 0, 8);
        rig.answer(Blkif.RSP_EOPNOTSUPP, Blkif.OP_DISCARD, 1);
    }

    @Test
    void isToldOnceAndTriedInTheOrderOfTheRing() {
        attach(OnError.ENOSPC, false);
        disk.faults().hold();
        disk.faults().fail(Operation.WRITE, ENOSPC);
        for (int i = 0; i < 20; i++) {
            rig.request(Blkif.OP_WRITE, i, i * 8L);
        }
        rig.push();
        await().until(() -> disk.faults().count(Operation.WRITE) == 20);
        // they fail in whatever order the storage likes
        disk.faults().releaseReversed();
        rig.expect("held WRITE " + ENOSPC);
        await().until(() -> rig.ring.counters().get(HELD) == 20);
        rig.worker.retryRing(rig.ring);
        await().until(() -> rig.ring.counters().get(IO_ERRORS) == 40);
        assertEquals(20, rig.ring.counters().get(HELD));
        disk.faults().heal();
        disk.faults().fail(request -> !tried.add(request.offsetBytes()), EIO);
        rig.worker.retryRing(rig.ring);
        rig.expect("unheld");
        for (int i = 0; i < 20; i++) {
            assertEquals(Blkif.RSP_OKAY, rig.response().status());
            assertEquals(i * 4096L, tried.get(i));
        }
    }

    @Test
    void theRestIsServedUnlessThePolicySaysStop() {
        attach(OnError.ENOSPC, false);
        disk.faults().fail(Operation.WRITE, ENOSPC);
        rig.request(Blkif.OP_WRITE, 1, 0);
        rig.push();
        rig.expect("held WRITE " + ENOSPC);
        for (int i = 0; i < 100; i++) {
            rig.request(Blkif.OP_READ, 100 + i, 0);
            rig.answer(Blkif.RSP_OKAY, Blkif.OP_READ, 100 + i);
        }
    }

    @Test
    void stopTakesNothingMoreUntilAllThatIsHeldIsDone() {
        attach(OnError.ENOSPC, true);
        disk.faults().fail(Operation.WRITE, ENOSPC);
        rig.request(Blkif.OP_WRITE, 1, 0);
        rig.push();
        rig.expect("held WRITE " + ENOSPC);
        rig.request(Blkif.OP_READ, 2, 0);
        rig.push();
        rig.worker.retryRing(rig.ring);
        await().until(() -> rig.ring.counters().get(IO_ERRORS) == 2);
        assertEquals(1, rig.ring.counters().get(REQUESTS));
        assertFalse(rig.front.take(new FrontResponse()));
        disk.faults().heal();
        rig.worker.retryRing(rig.ring);
        rig.expect("unheld");
        assertEquals(1, rig.response().id());
        assertEquals(2, rig.response().id());
    }

    @Test
    void aDiskThatIsTakenAwayAnswersWithErrors() {
        attach(OnError.HOLD, false);
        disk.faults().fail(Operation.WRITE, EIO);
        rig.request(Blkif.OP_WRITE, 1, 0);
        rig.push();
        rig.expect("held WRITE " + EIO);
        rig.worker.stopRing(rig.ring);
        assertEquals(Blkif.RSP_ERROR, rig.response().status());
        assertEquals(0, rig.ring.counters().get(HELD));
        rig.expect("released 0");
        rig.releasedAlready();
    }
}
