// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.blkif;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Ring arithmetic against models that count with 64-bit numbers and search, rather than subtract. Each test runs on
 * either side of the two places where 32-bit indices go wrong: 2^31 and 2^32.
 */
class BackRingTest {

    private static final int SLOTS = 32;

    private final BlkifRequest request = new BlkifRequest();

    @ParameterizedTest
    @ValueSource(ints = {0, 0xFFFFFFF0, 0xFFFFFFFF, 0x7FFFFFF0, 0x7FFFFFFF, 0x80000000, 0x80000010})
    void everyRequestIsSeenOnceInOrderAcrossTheWrap(int first) {
        SharedRing ring = Bytes.ring(BlkifAbi.NATIVE, 4096, first);
        BackRing back = new BackRing(ring);
        int prod = first;
        Random random = new Random(first);
        for (int sent = 0; sent < 2000;) {
            int batch = 1 + random.nextInt(SLOTS);
            for (int i = 0; i < batch; i++, prod++) {
                ring.memory().putLong(64 + (prod & 31) * 112 + 8, prod);
            }
            ring.reqProd(prod);
            assertEquals(batch, back.available());
            for (int i = 0; i < batch; i++) {
                back.consume(request);
                assertEquals(first + sent + i, (int) request.id());
                assertEquals(i + 1, back.reqCons() - back.rspProd());
            }
            assertEquals(0, back.available());
            assertEquals(prod, back.reqCons());
            for (int i = 0; i < batch; i++) {
                back.respond(first + sent + i, 0, 0);
            }
            assertEquals(0, back.reqCons() - back.rspProd());
            assertEquals(first + sent, ring.rspProd(), "responses stay invisible until the push");
            back.push();
            assertEquals(prod, ring.rspProd());
            sent += batch;
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 0xFFFFFFF0, 0x7FFFFFF8, 0x80000000, 12345})
    void reqProdIsRefusedWhenMoreThanARingWouldBeUnanswered(int first) {
        long seed = 42L + first;
        Random random = new Random(seed);
        for (int consumed = 0; consumed <= SLOTS; consumed++) {
            for (int answered = 0; answered <= consumed; answered++) {
                SharedRing ring = Bytes.ring(BlkifAbi.X86_32, 4096, first);
                BackRing back = advanced(ring, first, consumed, answered);
                int cons = first + consumed;
                int rsp = first + answered;
                int[] claims = {cons - 1, cons, cons + 1, cons + SLOTS, cons + SLOTS + 1, cons + 0x80000000,
                    cons + 0x7FFFFFFF, rsp - 1, rsp, rsp + SLOTS - 1, rsp + SLOTS, rsp + SLOTS + 1, rsp + 0x80000000,
                    0, -1, random.nextInt(), random.nextInt(), cons + random.nextInt(64) - 32};
                for (int claim : claims) {
                    ring.reqProd(claim);
                    assertEquals(expectedAvailable(claim, first, consumed, answered), back.available(),
                        () -> "seed " + seed + " claim " + claim + " cons " + cons + " rsp " + rsp);
                }
            }
        }
    }

    /** An honest req_prod lies between what was consumed and a ring's worth beyond what was answered. */
    private static int expectedAvailable(int claim, int first, int consumed, int answered) {
        for (long honest = (long) first + consumed; honest <= (long) first + answered + SLOTS; honest++) {
            if ((int) honest == claim) {
                return (int) (honest - first - consumed);
            }
        }
        return BackRing.OVERFLOW;
    }

    private BackRing advanced(SharedRing ring, int first, int consumed, int answered) {
        BackRing back = new BackRing(ring);
        ring.reqProd(first + consumed);
        for (int i = 0; i < consumed; i++) {
            back.consume(request);
        }
        for (int i = 0; i < answered; i++) {
            back.respond(i, 0, 0);
        }
        back.push();
        return back;
    }

    @Test
    void answersMakeRoomOnceTheyArePublished() {
        SharedRing ring = Bytes.ring(BlkifAbi.NATIVE, 4096, 0);
        BackRing back = advanced(ring, 0, SLOTS, 0);
        ring.reqProd(SLOTS + 1);
        assertEquals(BackRing.OVERFLOW, back.available());
        back.respond(0, 0, 0);
        assertEquals(BackRing.OVERFLOW, back.available());
        back.push();
        assertEquals(1, back.available());
    }

    @Test
    void everyRingSizeHoldsExactlyItsSlots() {
        for (int bytes = 4096; bytes <= 65536; bytes *= 2) {
            int slots = bytes / 128;
            SharedRing ring = Bytes.ring(BlkifAbi.X86_32, bytes, -3);
            BackRing back = new BackRing(ring);
            ring.reqProd(-3 + slots);
            assertEquals(slots, back.available());
            ring.reqProd(-3 + slots + 1);
            assertEquals(BackRing.OVERFLOW, back.available());
        }
    }

    @Test
    void attachesWhereTheResponsesStand() {
        SharedRing ring = Bytes.ring(BlkifAbi.NATIVE, 4096, 0xFFFFFFFE);
        ring.reqProd(3);
        BackRing back = new BackRing(ring);
        assertEquals(0xFFFFFFFE, back.reqCons());
        assertEquals(5, back.available());
        assertEquals(0, back.reqCons() - back.rspProd());
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 0xFFFFFFF0, 0x7FFFFFF8, 0x80000000})
    void notifiesExactlyWhenRspEventLiesInWhatIsPublished(int first) {
        long seed = 7L + first;
        Random random = new Random(seed);
        for (int round = 0; round < 20_000; round++) {
            SharedRing ring = Bytes.ring(BlkifAbi.NATIVE, 4096, first);
            int before = random.nextInt(SLOTS);
            int published = random.nextInt(SLOTS - before);
            BackRing back = advanced(ring, first, SLOTS, before);
            long old = (long) first + before;
            int event = random.nextInt(4) == 0 ? random.nextInt() : (int) old + random.nextInt(70) - 35;
            ring.rspEvent(event);
            for (int i = 0; i < published; i++) {
                back.respond(i, 0, 0);
            }
            boolean expected = false;
            for (long index = old + 1; index <= old + published; index++) {
                expected |= (int) index == event;
            }
            assertEquals(expected, back.push(), "seed " + seed + " round " + round + " old " + old + " published "
                + published + " rsp_event " + event);
            assertEquals((int) old + published, ring.rspProd());
        }
    }

    @Test
    void aPushOfNothingNotifiesNobody() {
        SharedRing ring = Bytes.ring(BlkifAbi.NATIVE, 4096, 5);
        BackRing back = new BackRing(ring);
        for (int event = 0; event < 10; event++) {
            ring.rspEvent(event);
            assertFalse(back.push());
        }
    }

    @Test
    void responsesArePublishedWhateverTheFrontendWritesIntoRspProd() {
        for (int scribble : new int[] {0, 1, 2, 3, -1, 0x80000000}) {
            SharedRing ring = Bytes.ring(BlkifAbi.NATIVE, 4096, 0);
            BackRing back = advanced(ring, 0, 4, 1);
            back.respond(1, 0, 0);
            ring.rspProd(scribble);
            ring.rspEvent(2);
            assertTrue(back.push(), "rsp_prod was " + scribble);
            assertEquals(2, ring.rspProd());
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 0xFFFFFFFF, 0x7FFFFFFF, 0x80000000})
    void finalCheckAsksForTheNextRequestAndLooksAgain(int first) {
        SharedRing ring = Bytes.ring(BlkifAbi.NATIVE, 4096, first);
        BackRing back = new BackRing(ring);
        ring.reqEvent(first + 77);
        assertFalse(back.finalCheck());
        assertEquals(first + 1, ring.reqEvent());
        ring.reqProd(first + 1);
        assertTrue(back.finalCheck());
        back.consume(request);
        assertFalse(back.finalCheck());
        assertEquals(first + 2, ring.reqEvent());
        ring.reqProd(first + 200);
        assertTrue(back.finalCheck(), "a ring in disorder must not be slept on");
    }

    @Test
    void aSlotRewrittenAfterConsumeHasNoEffect() {
        for (BlkifAbi abi : BlkifAbi.values()) {
            SharedRing ring = Bytes.ring(abi, 4096, 0);
            ring.memory().put(64, (byte) 1).put(65, (byte) 1);
            ring.memory().putLong(64 + abi.idOffset(), 99).putLong(64 + abi.sectorOffset(), 1000);
            ring.memory().putInt(64 + abi.segmentOffset(0), 17);
            ring.memory().put(64 + abi.segmentOffset(0) + 4, (byte) 2).put(64 + abi.segmentOffset(0) + 5, (byte) 5);
            ring.reqProd(1);
            new BackRing(ring).consume(request);
            for (int i = 64; i < 4096; i++) {
                ring.memory().put(i, (byte) 0xFF);
            }
            assertEquals(Blkif.RSP_OKAY, request.validate(new DiskLimits(1004, 512, false, false)));
            assertEquals(Blkif.RSP_ERROR, request.validate(new DiskLimits(1003, 512, false, false)));
            assertEquals(99, request.id());
            assertEquals(1000, request.sector());
            assertEquals(17, request.grantRef(0));
            assertEquals(2, request.firstSector(0));
            assertEquals(4, request.sectors());
        }
    }
}
