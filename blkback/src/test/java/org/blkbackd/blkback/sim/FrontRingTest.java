// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HexFormat;
import java.util.Random;
import org.blkbackd.blkback.blkif.BackRing;
import org.blkbackd.blkback.blkif.BlkifAbi;
import org.blkbackd.blkback.blkif.BlkifRequest;
import org.blkbackd.blkback.blkif.SharedRing;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FrontRingTest {

    private final ByteBuffer memory = ByteBuffer.allocateDirect(4096).order(ByteOrder.LITTLE_ENDIAN);
    private final FrontResponse response = new FrontResponse();

    private String hex(int at, int length) {
        byte[] bytes = new byte[length];
        memory.get(at, bytes);
        return HexFormat.of().formatHex(bytes);
    }

    @Test
    void aFreshRingIsThatOfSharedRingInit() {
        new FrontRing(memory, BlkifAbi.NATIVE, 0);
        assertEquals("00000000" + "01000000" + "00000000" + "01000000", hex(0, 16));
    }

    @Test
    void writesANativeRequest() {
        FrontRing ring = new FrontRing(memory, BlkifAbi.NATIVE, 33);
        int slot = ring.claim();
        assertEquals(64 + 112, slot);
        ring.header(slot, 1, 2, 0x1122334455667788L, 0x0123456789abcdefL);
        ring.segment(slot, 0, 0x01020304, 0, 7);
        ring.segment(slot, 1, -1, 3, 4);
        assertEquals("01020000" + "00000000" + "8877665544332211" + "efcdab8967452301" + "0403020100070000"
            + "ffffffff03040000" + "00".repeat(72), hex(slot, 112));
    }

    @Test
    void writesA32BitRequest() {
        FrontRing ring = new FrontRing(memory, BlkifAbi.X86_32, 2);
        int slot = ring.claim();
        assertEquals(64 + 2 * 108, slot);
        ring.header(slot, 3, 1, 0x1122334455667788L, 0x0123456789abcdefL);
        ring.segment(slot, 0, 0x01020304, 5, 6);
        assertEquals("03010000" + "8877665544332211" + "efcdab8967452301" + "0403020105060000" + "00".repeat(80),
            hex(slot, 108));
    }

    @Test
    void writesANativeIndirectRequest() {
        FrontRing ring = new FrontRing(memory, BlkifAbi.NATIVE, 0);
        int slot = ring.claim();
        ring.indirect(slot, 1, 0x0110, 0x1122334455667788L, 0x0123456789abcdefL);
        ring.indirectHandle(slot, 51712);
        for (int i = 0; i < 8; i++) {
            ring.indirectGrant(slot, i, 0x01020300 + i);
        }
        assertEquals("06011001" + "00000000" + "8877665544332211" + "efcdab8967452301" + "00ca0000" + "00030201"
            + "01030201" + "02030201" + "03030201" + "04030201" + "05030201" + "06030201" + "07030201"
            + "00".repeat(52), hex(slot, 112));
    }

    @Test
    void writesA32BitIndirectRequest() {
        FrontRing ring = new FrontRing(memory, BlkifAbi.X86_32, 0);
        int slot = ring.claim();
        ring.indirect(slot, 0, 256, 0x1122334455667788L, 0x0123456789abcdefL);
        ring.indirectHandle(slot, 51728);
        ring.indirectGrant(slot, 0, 0x01020304);
        ring.indirectGrant(slot, 7, -1);
        assertEquals("06000001" + "8877665544332211" + "efcdab8967452301" + "10ca0000" + "04030201"
            + "00".repeat(24) + "ffffffff" + "00".repeat(52), hex(slot, 108));
    }

    @Test
    void writesDiscards() {
        FrontRing ring = new FrontRing(memory, BlkifAbi.NATIVE, 0);
        int slot = ring.claim();
        ring.discard(slot, 1, 0x1122334455667788L, 0x0123456789abcdefL, 0xfedcba9876543210L);
        assertEquals("05010000" + "00000000" + "8877665544332211" + "efcdab8967452301" + "1032547698badcfe"
            + "00".repeat(80), hex(slot, 112));
        ring = new FrontRing(memory, BlkifAbi.X86_32, 0);
        slot = ring.claim();
        ring.discard(slot, 0, 0x1122334455667788L, 0x0123456789abcdefL, 0xfedcba9876543210L);
        assertEquals("05000000" + "8877665544332211" + "efcdab8967452301" + "1032547698badcfe" + "00".repeat(80),
            hex(slot, 108));
    }

    @Test
    void writesTheHandle() {
        FrontRing ring = new FrontRing(memory, BlkifAbi.NATIVE, 0);
        int slot = ring.claim();
        ring.header(slot, 0, 11, 1, 2);
        ring.handle(slot, (1 << 28) + (16 << 8));
        assertEquals("000b0010", hex(slot, 4));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 4})
    void aRingOfSeveralPagesHasTheSlotsOfAll(int order) {
        ByteBuffer pages = ByteBuffer.allocateDirect(4096 << order).order(ByteOrder.LITTLE_ENDIAN);
        for (BlkifAbi abi : BlkifAbi.values()) {
            FrontRing ring = new FrontRing(pages, abi, 0);
            assertEquals(32 << order, ring.slots());
            int slot = 0;
            for (int i = 0; i < ring.slots(); i++) {
                slot = ring.claim();
            }
            assertEquals(64 + ((32 << order) - 1) * abi.slotSize(), slot);
            assertEquals(0, ring.free());
        }
    }

    @Test
    void readsAResponse() {
        FrontRing ring = new FrontRing(memory, BlkifAbi.X86_32, 0);
        ring.claim();
        ring.push();
        memory.put(64, HexFormat.of().parseHex("8877665544332211" + "06" + "a5" + "feff"));
        assertFalse(ring.take(response));
        ring.shared().rspProd(1);
        assertTrue(ring.take(response));
        assertEquals(0x1122334455667788L, response.id());
        assertEquals(6, response.operation());
        assertEquals(-2, response.status());
        assertFalse(ring.take(response));
    }

    @Test
    void aSlotIsClearedWhenItIsClaimed() {
        for (int i = 64; i < 4096; i++) {
            memory.put(i, (byte) 0xFF);
        }
        FrontRing ring = new FrontRing(memory, BlkifAbi.NATIVE, 0);
        assertEquals("00".repeat(112), hex(ring.claim(), 112));
        assertEquals("ff", hex(64 + 112, 1));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 0xFFFFFFF0, 0x7FFFFFF8, 0x80000000})
    void goesRoundWithABackendForEver(int first) {
        FrontRing ring = new FrontRing(memory, BlkifAbi.NATIVE, first);
        BackRing back = new BackRing(new SharedRing(memory, BlkifAbi.NATIVE));
        BlkifRequest request = new BlkifRequest();
        Random random = new Random(first);
        for (int id = 0; id < 3000;) {
            assertEquals(32, ring.free());
            int batch = 1 + random.nextInt(32);
            for (int i = 0; i < batch; i++) {
                ring.header(ring.claim(), 0, 0, id + i, 0);
            }
            assertEquals(32 - batch, ring.free());
            assertEquals(0, back.available());
            ring.push();
            assertEquals(batch, back.available());
            for (int i = 0; i < batch; i++) {
                back.consume(request);
                back.respond(request.id(), 0, 0);
            }
            assertFalse(ring.finalCheck());
            back.push();
            assertTrue(ring.finalCheck());
            for (int i = 0; i < batch; i++) {
                assertTrue(ring.take(response));
                assertEquals(id + i, response.id());
            }
            id += batch;
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 0xFFFFFFF0, 0x7FFFFFF8, 0x80000000})
    void notifiesExactlyWhenReqEventLiesInWhatIsPublished(int first) {
        Random random = new Random(first);
        for (int round = 0; round < 5000; round++) {
            FrontRing ring = new FrontRing(memory, BlkifAbi.NATIVE, first);
            int batch = random.nextInt(33);
            int event = first + random.nextInt(70) - 35;
            ring.shared().reqEvent(event);
            boolean expected = false;
            for (int i = 1; i <= batch; i++) {
                ring.claim();
                expected |= first + i == event;
            }
            assertEquals(expected, ring.push(), "seed " + first + " round " + round);
        }
    }

    @Test
    void moreResponsesThanRequestsAreRefused() {
        FrontRing ring = new FrontRing(memory, BlkifAbi.NATIVE, 0);
        ring.claim();
        ring.push();
        for (int impossible : new int[] {2, -1, 33, 0x80000000}) {
            ring.shared().rspProd(impossible);
            assertThrows(IllegalStateException.class, () -> ring.take(response));
        }
    }
}
