// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.ring;

import static org.awaitility.Awaitility.await;
import static org.blkbackd.blkback.ring.RingCounters.Counter.COPY_FAILURES;
import static org.blkbackd.blkback.ring.RingCounters.Counter.FLUSHES;
import static org.blkbackd.blkback.ring.RingCounters.Counter.HELD;
import static org.blkbackd.blkback.ring.RingCounters.Counter.IO_ERRORS;
import static org.blkbackd.blkback.ring.RingCounters.Counter.NOTIFIES;
import static org.blkbackd.blkback.ring.RingCounters.Counter.REQUESTS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Random;
import org.blkbackd.blkback.blkif.Blkif;
import org.blkbackd.blkback.blkif.BlkifAbi;
import org.blkbackd.blkback.sim.FrontResponse;
import org.blkbackd.grant.sim.SimFaults;
import org.blkbackd.ioengine.DiskSpec;
import org.blkbackd.ioengine.IoRequest.Operation;
import org.blkbackd.ioengine.memory.MemoryProvider;
import org.blkbackd.ioengine.sim.FaultyDisk;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class VbdRingTest {

    private static final int EIO = 5;
    private static final int ENOMEM = 12;

    @TempDir
    private Path dir;
    private final FaultyDisk disk =
        FaultyDisk.wrap(new MemoryProvider().open(DiskSpec.parse("memory:1M"), false));
    private RingRig rig;

    private void attach(boolean readOnly, BlkifAbi abi, int firstIndex) {
        rig = new RingRig(dir, disk, readOnly, abi, firstIndex);
    }

    @AfterEach
    void leavesNothing() {
        rig.stop();
        assertTrue(rig.told.isEmpty(), rig.told::toString);
        rig.close();
        disk.close();
    }

    @ParameterizedTest
    @EnumSource(BlkifAbi.class)
    void readsBackWhatWasWrittenAcrossTheWrapOfTheIndices(BlkifAbi abi) {
        attach(false, abi, 0xFFFFFFF0);
        Random random = new Random(11);
        byte[] data = new byte[4096];
        byte[] back = new byte[4096];
        for (int i = 0; i < 200; i++) {
            random.nextBytes(data);
            rig.pages.get(0).buffer().put(0, data);
            rig.request(Blkif.OP_WRITE, i, i * 8L);
            rig.answer(Blkif.RSP_OKAY, Blkif.OP_WRITE, i);
            rig.pages.get(0).buffer().put(0, new byte[4096]);
            rig.request(Blkif.OP_READ, i + 1000L, i * 8L);
            rig.answer(Blkif.RSP_OKAY, Blkif.OP_READ, i + 1000L);
            rig.pages.get(0).buffer().get(0, back);
            assertTrue(Arrays.equals(data, back), "round " + i);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {Blkif.OP_READ, Blkif.OP_WRITE})
    void aFullRingIsCopiedInPortionsSoThatTheGuestHasAnswersMeanwhile(int operation) {
        attach(false, BlkifAbi.NATIVE, 0);
        int slots = rig.front.slots();
        for (int i = 0; i < slots; i++) {
            rig.request(operation, i, i * 8L);
        }
        rig.push();
        for (int i = 0; i < slots; i++) {
            assertEquals(Blkif.RSP_OKAY, rig.response().status());
        }
        assertEquals(slots / RingTools.portion(slots), rig.worker.counters().get(WorkerCounters.Counter.COPIES));
    }

    @Test
    void movesExactlyTheSectorsOfEachSegment() {
        attach(false, BlkifAbi.NATIVE, 0);
        for (int i = 0; i < 3; i++) {
            for (int b = 0; b < 4096; b++) {
                rig.pages.get(i).buffer().put(b, (byte) (16 * i + b / 512));
            }
        }
        segments(Blkif.OP_WRITE, 1);
        rig.answer(Blkif.RSP_OKAY, Blkif.OP_WRITE, 1);
        for (int i = 0; i < 3; i++) {
            rig.pages.get(i).buffer().put(0, filled((byte) 0x77));
        }
        segments(Blkif.OP_READ, 2);
        rig.answer(Blkif.RSP_OKAY, Blkif.OP_READ, 2);
        int[][] ranges = {{3, 3}, {0, 7}, {5, 6}};
        for (int i = 0; i < 3; i++) {
            for (int sector = 0; sector < 8; sector++) {
                boolean moved = sector >= ranges[i][0] && sector <= ranges[i][1];
                int expected = moved ? 16 * i + sector : 0x77;
                assertEquals(expected, rig.pages.get(i).buffer().get(sector * 512 + 511), i + ":" + sector);
            }
        }
    }

    private void segments(int operation, long id) {
        int slot = rig.front.claim();
        rig.front.header(slot, operation, 3, id, 100);
        rig.front.segment(slot, 0, rig.refs.get(0), 3, 3);
        rig.front.segment(slot, 1, rig.refs.get(1), 0, 7);
        rig.front.segment(slot, 2, rig.refs.get(2), 5, 6);
    }

    private static byte[] filled(byte value) {
        byte[] bytes = new byte[4096];
        Arrays.fill(bytes, value);
        return bytes;
    }

    @Test
    void answersInWhateverOrderTheDiskCompletes() {
        attach(false, BlkifAbi.NATIVE, 0);
        for (int round = 0; round < 20; round++) {
            disk.faults().hold();
            for (int i = 0; i < 32; i++) {
                rig.request(i % 2 == 0 ? Blkif.OP_WRITE : Blkif.OP_READ, i, i * 8L);
            }
            rig.push();
            await().until(() -> disk.faults().held() == 32);
            disk.faults().releaseShuffled(round);
            BitSet answered = new BitSet();
            for (int i = 0; i < 32; i++) {
                FrontResponse response = rig.response();
                assertEquals(Blkif.RSP_OKAY, response.status());
                assertEquals(response.id() % 2 == 0 ? Blkif.OP_WRITE : Blkif.OP_READ, response.operation());
                answered.set((int) response.id());
            }
            assertEquals(32, answered.cardinality(), "each exactly once");
        }
        assertEquals(640, rig.ring.counters().get(REQUESTS));
    }

    @Test
    void aDiskErrorIsTheRequestsOwn() {
        attach(false, BlkifAbi.NATIVE, 0);
        disk.faults().failRange(Operation.READ, 4096, 8192, EIO);
        rig.request(Blkif.OP_READ, 1, 8);
        rig.answer(Blkif.RSP_ERROR, Blkif.OP_READ, 1);
        rig.request(Blkif.OP_READ, 2, 16);
        rig.answer(Blkif.RSP_OKAY, Blkif.OP_READ, 2);
        assertEquals(1, rig.ring.counters().get(IO_ERRORS));
    }

    @Test
    void aFailedReadTellsTheGuestNothing() {
        attach(false, BlkifAbi.NATIVE, 0);
        rig.pages.get(0).buffer().put(0, filled((byte) 0x55));
        disk.faults().failNext(Operation.READ, EIO);
        rig.request(Blkif.OP_READ, 1, 0);
        rig.answer(Blkif.RSP_ERROR, Blkif.OP_READ, 1);
        byte[] page = new byte[4096];
        rig.pages.get(0).buffer().get(0, page);
        assertTrue(Arrays.equals(filled((byte) 0x55), page));
    }

    @Test
    void flushesWithAndWithoutData() {
        attach(false, BlkifAbi.NATIVE, 0);
        int slot = rig.front.claim();
        rig.front.header(slot, Blkif.OP_FLUSH_DISKCACHE, 0, 1, 0);
        rig.answer(Blkif.RSP_OKAY, Blkif.OP_FLUSH_DISKCACHE, 1);
        assertEquals(1, disk.faults().count(Operation.FLUSH));
        rig.request(Blkif.OP_FLUSH_DISKCACHE, 2, 8);
        rig.answer(Blkif.RSP_OKAY, Blkif.OP_FLUSH_DISKCACHE, 2);
        assertEquals(2, disk.faults().count(Operation.FLUSH));
        assertEquals(1, disk.faults().count(Operation.WRITE));
        assertEquals(2, rig.ring.counters().get(FLUSHES));
    }

    @Test
    void aFailedFlushIsHeldAndTheRestGoesOn() {
        attach(false, BlkifAbi.NATIVE, 0);
        disk.faults().failNext(Operation.FLUSH, EIO);
        int slot = rig.front.claim();
        rig.front.header(slot, Blkif.OP_FLUSH_DISKCACHE, 0, 1, 0);
        rig.push();
        rig.expect("held FLUSH " + EIO);
        // The held request keeps its slot; everything else is answered around it.
        for (int i = 0; i < 100; i++) {
            rig.request(Blkif.OP_WRITE, 100 + i, 0);
            rig.answer(Blkif.RSP_OKAY, Blkif.OP_WRITE, 100 + i);
        }
        assertEquals(1, rig.ring.counters().get(HELD));
    }

    @Test
    void aReadOnlyDiskRefusesEverythingThatWrites() {
        attach(true, BlkifAbi.NATIVE, 0);
        rig.request(Blkif.OP_WRITE, 1, 0);
        rig.answer(Blkif.RSP_ERROR, Blkif.OP_WRITE, 1);
        rig.request(Blkif.OP_FLUSH_DISKCACHE, 2, 0);
        rig.answer(Blkif.RSP_ERROR, Blkif.OP_FLUSH_DISKCACHE, 2);
        rig.request(Blkif.OP_READ, 3, 0);
        rig.answer(Blkif.RSP_OKAY, Blkif.OP_READ, 3);
        assertEquals(0, disk.faults().count(Operation.WRITE));
    }

    @Test
    void aCopyCallThatFailsAsAWholeFailsItsRequestsAndNoFlush() {
        attach(false, BlkifAbi.NATIVE, 0);
        rig.hypervisor.faults().failNext(SimFaults.Call.COPY, ENOMEM);
        rig.request(Blkif.OP_WRITE, 1, 0);
        int slot = rig.front.claim();
        rig.front.header(slot, Blkif.OP_FLUSH_DISKCACHE, 0, 2, 0);
        rig.push();
        FrontResponse response = rig.response();
        int[] status = new int[3];
        status[(int) response.id()] = response.status();
        response = rig.response();
        status[(int) response.id()] = response.status();
        assertEquals(Blkif.RSP_ERROR, status[1]);
        assertEquals(Blkif.RSP_OKAY, status[2]);
        assertEquals(1, rig.ring.counters().get(COPY_FAILURES));
        rig.request(Blkif.OP_WRITE, 3, 0);
        rig.answer(Blkif.RSP_OKAY, Blkif.OP_WRITE, 3);
    }

    @Test
    void stoppingWaitsForWhatWasStartedAndAnswersIt() {
        attach(false, BlkifAbi.NATIVE, 0);
        disk.faults().hold();
        for (int i = 0; i < 5; i++) {
            rig.request(Blkif.OP_WRITE, i, i * 8L);
        }
        rig.push();
        await().until(() -> disk.faults().held() == 5);
        rig.worker.stopRing(rig.ring);
        // A request that comes after the stop stays on the ring.
        rig.request(Blkif.OP_WRITE, 5, 0);
        rig.push();
        assertTrue(rig.told.isEmpty());
        disk.faults().releaseReversed();
        rig.released();
        for (int i = 4; i >= 0; i--) {
            FrontResponse response = rig.response();
            assertEquals(i, response.id());
            assertEquals(Blkif.RSP_OKAY, response.status());
        }
        assertEquals(5, rig.front.shared().rspProd());
        assertEquals(1, disk.faults().count(Operation.FLUSH), "the last word is a flush");
    }

    @Test
    void aVanishedGuestIsLetGoWhileItsIoStillRuns() {
        attach(false, BlkifAbi.NATIVE, 0);
        disk.faults().hold();
        rig.request(Blkif.OP_WRITE, 1, 0);
        rig.request(Blkif.OP_READ, 2, 0);
        rig.push();
        await().until(() -> disk.faults().held() == 2);
        rig.worker.abandonRing(rig.ring);
        await().until(() -> rig.guest.mappedGrants() == 0);
        assertTrue(rig.told.isEmpty(), "not released while the storage works");
        rig.guest.destroy();
        disk.faults().release();
        rig.released();
    }

    @Test
    void wakesTheFrontendOnlyWhenItAskedForIt() {
        attach(false, BlkifAbi.NATIVE, 0);
        rig.request(Blkif.OP_WRITE, 1, 0);
        rig.answer(Blkif.RSP_OKAY, Blkif.OP_WRITE, 1);
        await().until(() -> rig.ring.counters().get(NOTIFIES) == 1);
        // rsp_event stays behind: no further event is asked for.
        for (int i = 2; i < 50; i++) {
            rig.request(Blkif.OP_WRITE, i, 0);
            rig.answer(Blkif.RSP_OKAY, Blkif.OP_WRITE, i);
        }
        assertEquals(1, rig.ring.counters().get(NOTIFIES));
    }
}
