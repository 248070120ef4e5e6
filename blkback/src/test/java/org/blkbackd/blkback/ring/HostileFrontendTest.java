// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.ring;

import static org.blkbackd.blkback.ring.RingCounters.Counter.COPY_FAILURES;
import static org.blkbackd.blkback.ring.RingCounters.Counter.MALFORMED;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.Random;
import org.blkbackd.blkback.blkif.Blkif;
import org.blkbackd.blkback.blkif.BlkifAbi;
import org.blkbackd.blkback.sim.FrontResponse;
import org.blkbackd.ioengine.Disk;
import org.blkbackd.ioengine.DiskSpec;
import org.blkbackd.ioengine.memory.MemoryProvider;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a frontend that means harm may put on a ring, and the exact answer to each. */
class HostileFrontendTest {

    private static final long SECTORS = 2048;

    @TempDir
    private Path dir;
    private Disk disk;
    private RingRig rig;

    @BeforeEach
    void attach() {
        disk = new MemoryProvider().open(DiskSpec.parse("memory:1M"), false);
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
    void everyUnknownOperationIsNotSupported() {
        for (int operation = 0; operation < 256; operation++) {
            boolean known = operation <= Blkif.OP_FLUSH_DISKCACHE || operation == Blkif.OP_INDIRECT;
            if (!known) {
                rig.request(operation, operation + 1000L, 0);
                rig.answer(Blkif.RSP_EOPNOTSUPP, operation, operation + 1000L);
            }
        }
        servesOn();
    }

    @Test
    void everyImpossibleSegmentCountIsAnError() {
        for (int segments = 0; segments < 256; segments++) {
            for (int operation : new int[] {Blkif.OP_READ, Blkif.OP_WRITE}) {
                int slot = rig.front.claim();
                rig.front.header(slot, operation, segments, segments, 0);
                for (int i = 0; i < Math.min(segments, Blkif.MAX_SEGMENTS); i++) {
                    rig.front.segment(slot, i, rig.refs.get(i), 0, 7);
                }
                boolean possible = segments >= 1 && segments <= Blkif.MAX_SEGMENTS;
                rig.answer(possible ? Blkif.RSP_OKAY : Blkif.RSP_ERROR, operation, segments);
            }
        }
        assertEquals(2 * (256 - 11), rig.ring.counters().get(MALFORMED));
        servesOn();
    }

    @Test
    void everySectorRangeWithinThePageIsJudged() {
        for (int first = 0; first < 256; first++) {
            for (int last = first % 3; last < 256; last += 3) {
                int slot = rig.front.claim();
                rig.front.header(slot, Blkif.OP_WRITE, 1, first << 8 | last, 0);
                rig.front.segment(slot, 0, rig.refs.get(0), first, last);
                boolean possible = first <= last && last < 8;
                rig.answer(possible ? Blkif.RSP_OKAY : Blkif.RSP_ERROR, Blkif.OP_WRITE, first << 8 | last);
            }
        }
        servesOn();
    }

    @ParameterizedTest
    @ValueSource(longs = {SECTORS - 7, SECTORS, SECTORS + 1, 1L << 54, (1L << 55) - 1, 1L << 55, Long.MAX_VALUE - 7,
        Long.MAX_VALUE, Long.MIN_VALUE, -8, -1})
    void aRangeThatLeavesTheDiskIsAnError(long sector) {
        rig.request(Blkif.OP_READ, 1, sector);
        rig.answer(Blkif.RSP_ERROR, Blkif.OP_READ, 1);
        rig.request(Blkif.OP_WRITE, 2, sector);
        rig.answer(Blkif.RSP_ERROR, Blkif.OP_WRITE, 2);
        servesOn();
    }

    @Test
    void theLastSectorsCanBeReached() {
        rig.request(Blkif.OP_WRITE, 1, SECTORS - 8);
        rig.answer(Blkif.RSP_OKAY, Blkif.OP_WRITE, 1);
    }

    @Test
    void aBadGrantFailsItsRequestAndNoOther() {
        for (int bad = 0; bad < Blkif.MAX_SEGMENTS; bad++) {
            for (int operation : new int[] {Blkif.OP_READ, Blkif.OP_WRITE}) {
                int slot = rig.front.claim();
                rig.front.header(slot, operation, Blkif.MAX_SEGMENTS, 7, 0);
                for (int i = 0; i < Blkif.MAX_SEGMENTS; i++) {
                    rig.front.segment(slot, i, i == bad ? 0x7FFFFFFF : rig.refs.get(i), 0, 7);
                }
                rig.request(Blkif.OP_WRITE, 8, 512);
                rig.push();
                FrontResponse one = rig.response();
                long firstId = one.id();
                int firstStatus = one.status();
                FrontResponse two = rig.response();
                int badStatus = firstId == 7 ? firstStatus : two.status();
                int goodStatus = firstId == 7 ? two.status() : firstStatus;
                assertEquals(15, firstId + two.id());
                assertEquals(Blkif.RSP_ERROR, badStatus);
                assertEquals(Blkif.RSP_OKAY, goodStatus);
            }
        }
        assertEquals(2L * Blkif.MAX_SEGMENTS, rig.ring.counters().get(COPY_FAILURES));
        servesOn();
    }

    @Test
    void aReadIntoAPageGrantedReadOnlyIsAnError() {
        int readOnly = rig.guest.grant(0, rig.pages.get(1), true);
        int slot = rig.front.claim();
        rig.front.header(slot, Blkif.OP_READ, 1, 3, 0);
        rig.front.segment(slot, 0, readOnly, 0, 7);
        rig.answer(Blkif.RSP_ERROR, Blkif.OP_READ, 3);
        slot = rig.front.claim();
        rig.front.header(slot, Blkif.OP_WRITE, 1, 4, 0);
        rig.front.segment(slot, 0, readOnly, 0, 7);
        rig.answer(Blkif.RSP_OKAY, Blkif.OP_WRITE, 4);
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 33, 64, 1 << 30, Integer.MAX_VALUE, Integer.MIN_VALUE})
    void anImpossibleReqProdStopsTheRingAndNothingElse(int ahead) {
        servesOn();
        rig.front.shared().reqProd(1 + ahead);
        rig.kick();
        rig.expect("halted");
        for (int i = 0; i < 1000; i++) {
            rig.kick();
        }
        assertTrue(rig.told.isEmpty(), "said once");
        rig.stop();
    }

    @Test
    void aFullRingIsNotTakenForAnImpossibleOne() {
        for (int i = 0; i < 32; i++) {
            rig.request(Blkif.OP_WRITE, i, 0);
        }
        rig.push();
        for (int i = 0; i < 32; i++) {
            assertEquals(Blkif.RSP_OKAY, rig.response().status());
        }
        servesOn();
    }

    @Test
    void aSlotRewrittenAfterItWasTakenChangesNothing() {
        Random random = new Random(5);
        for (int round = 0; round < 300; round++) {
            int slot = rig.front.claim();
            rig.front.header(slot, Blkif.OP_READ, 1, round, 0);
            rig.front.segment(slot, 0, rig.refs.get(0), 0, 7);
            rig.push();
            // Races with the backend on purpose: whichever it took, the answer belongs to one of the two as a whole.
            byte[] junk = new byte[112];
            random.nextBytes(junk);
            for (int i = 16; i < 112; i++) {
                rig.ringPage.buffer().put(slot + i, junk[i]);
            }
            FrontResponse response = rig.response();
            assertEquals(round, response.id());
            assertEquals(Blkif.OP_READ, response.operation());
            assertTrue(response.status() == Blkif.RSP_OKAY || response.status() == Blkif.RSP_ERROR);
        }
        servesOn();
    }

    @Test
    void indicesThatAreOursDoNotMoveUs() {
        for (int i = 0; i < 200; i++) {
            rig.front.shared().rspEvent(i * 77);
            rig.front.shared().reqEvent(i * 1313);
            rig.request(Blkif.OP_WRITE, i, 8);
            rig.front.push();
            rig.kick();
            assertEquals(i, rig.response().id());
        }
        servesOn();
    }

    @Test
    void randomBytesAreAnsweredOneForOne() {
        long seed = 20261121;
        Random random = new Random(seed);
        for (int round = 0; round < 20_000; round++) {
            int slot = rig.front.claim();
            byte[] junk = new byte[112];
            random.nextBytes(junk);
            junk[0] = (byte) random.nextInt(8);
            junk[1] = (byte) random.nextInt(14);
            for (int i = 0; i < junk.length; i++) {
                rig.ringPage.buffer().put(slot + i, junk[i]);
            }
            rig.ringPage.buffer().putLong(slot + 8, round);
            rig.push();
            FrontResponse response = rig.response();
            assertEquals(round, response.id(), "seed " + seed);
            assertEquals(junk[0] == Blkif.OP_INDIRECT ? junk[1] : junk[0], response.operation(), "seed " + seed);
        }
        servesOn();
    }

    @Test
    void aGuestThatVanishesGetsItsPagesBackAtOnce() {
        rig.request(Blkif.OP_WRITE, 1, 0);
        rig.push();
        rig.worker.abandonRing(rig.ring);
        rig.released();
    }

    private void servesOn() {
        rig.request(Blkif.OP_WRITE, 99, 0);
        rig.answer(Blkif.RSP_OKAY, Blkif.OP_WRITE, 99);
    }
}
