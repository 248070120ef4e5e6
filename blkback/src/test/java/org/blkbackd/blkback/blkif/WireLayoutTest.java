// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.blkif;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Requests and responses against bytes written down by hand. */
class WireLayoutTest {

    private static final String SEGMENTS = "04030201 00 07 0000" + "ffffffff 03 03 5a5a" + "80000000 ff fe 0000";
    private static final String REQUEST_NATIVE = "01 03 3412" + "cccccccc" + "8877665544332211" + "efcdab8967452301"
        + SEGMENTS;
    private static final String REQUEST_X86_32 = "01 03 3412" + "8877665544332211" + "efcdab8967452301" + SEGMENTS;

    @Test
    void readsANativeRequest() {
        readsTheRequest(BlkifAbi.NATIVE, REQUEST_NATIVE);
    }

    @Test
    void readsA32BitRequest() {
        readsTheRequest(BlkifAbi.X86_32, REQUEST_X86_32);
    }

    private static void readsTheRequest(BlkifAbi abi, String hex) {
        SharedRing ring = Bytes.ring(abi, 4096, 0);
        // Slot 3, so that the stride is tested with the fields.
        byte[] bytes = Bytes.parse(hex);
        ring.memory().put(64 + 3 * abi.slotSize(), bytes);
        BlkifRequest request = new BlkifRequest();
        request.copyFrom(ring, 3);
        assertEquals(1, request.operation());
        assertEquals(3, request.segments());
        assertEquals(0x1122334455667788L, request.id());
        assertEquals(0x0123456789abcdefL, request.sector());
        assertEquals(0x01020304, request.grantRef(0));
        assertEquals(0, request.firstSector(0));
        assertEquals(7, request.lastSector(0));
        assertEquals(8, request.sectors(0));
        assertEquals(-1, request.grantRef(1));
        assertEquals(1, request.sectors(1));
        assertEquals(0x80, request.grantRef(2));
        assertEquals(0xFF, request.firstSector(2));
        assertEquals(0xFE, request.lastSector(2));
    }

    @Test
    void bytesAreUnsigned() {
        SharedRing ring = Bytes.ring(BlkifAbi.NATIVE, 4096, 0);
        ring.memory().put(64, (byte) 0xFF).put(65, (byte) 0xFE);
        BlkifRequest request = new BlkifRequest();
        request.copyFrom(ring, 0);
        assertEquals(255, request.operation());
        assertEquals(254, request.segments());
    }

    @Test
    void theEleventhSegmentOfTheLastSlotIsRead() {
        for (BlkifAbi abi : BlkifAbi.values()) {
            SharedRing ring = Bytes.ring(abi, 4096, 0);
            int at = 64 + 31 * abi.slotSize() + abi.slotSize() - 8;
            ring.memory().put(at, Bytes.parse("78563412 0207 0000"));
            BlkifRequest request = new BlkifRequest();
            request.copyFrom(ring, 31);
            assertEquals(0x12345678, request.grantRef(10), abi.toString());
            assertEquals(2, request.firstSector(10));
            assertEquals(7, request.lastSector(10));
        }
    }

    /** XSA-216: a response must not carry the backend's stack, so every byte that is no field keeps its value. */
    @ParameterizedTest
    @EnumSource(BlkifAbi.class)
    void aResponseChangesTheBytesOfItsFieldsAndNoOther(BlkifAbi abi) {
        SharedRing ring = Bytes.ring(abi, 4096, 2);
        // The request is "consumed" without its bytes being touched.
        BackRing back = new BackRing(ring);
        ring.reqProd(3);
        back.consume(new BlkifRequest());
        byte[] expected = new byte[4096];
        ring.memory().get(0, expected);
        back.respond(0x1122334455667788L, 0x06, -2);
        int slot = 64 + 2 * abi.slotSize();
        System.arraycopy(Bytes.parse("8877665544332211 06"), 0, expected, slot, 9);
        System.arraycopy(Bytes.parse("feff"), 0, expected, slot + 10, 2);
        assertEquals(Bytes.hex(expected), Bytes.hex(contents(ring)));
        // Publishing changes rsp_prod alone.
        back.push();
        expected[8] = 3;
        assertEquals(Bytes.hex(expected), Bytes.hex(contents(ring)));
        // Asking for an event changes req_event alone.
        back.finalCheck();
        expected[4] = 4;
        assertEquals(Bytes.hex(expected), Bytes.hex(contents(ring)));
    }

    @ParameterizedTest
    @EnumSource(BlkifAbi.class)
    void aStatusIsWrittenInTwosComplement(BlkifAbi abi) {
        int[] statuses = {Blkif.RSP_OKAY, Blkif.RSP_ERROR, Blkif.RSP_EOPNOTSUPP};
        String[] bytes = {"0000", "ffff", "feff"};
        for (int i = 0; i < statuses.length; i++) {
            SharedRing ring = Bytes.ring(abi, 4096, 0);
            new BackRing(ring).respond(-1, 255, statuses[i]);
            byte[] response = new byte[12];
            ring.memory().get(64, response);
            assertEquals("ffffffffffffffffffa5" + bytes[i], Bytes.hex(response));
        }
    }

    private static byte[] contents(SharedRing ring) {
        ByteBuffer memory = ring.memory();
        byte[] bytes = new byte[memory.capacity()];
        memory.get(0, bytes);
        return bytes;
    }
}
