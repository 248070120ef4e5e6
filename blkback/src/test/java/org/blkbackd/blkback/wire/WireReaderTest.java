// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.wire;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class WireReaderTest {

    @Test
    void readsWhatWasWritten() throws WireException {
        byte[] body = new WireWriter().u8(255).flag(true).u16(65535).u32(4294967295L).u64(-1).raw(new byte[] {1, 2})
            .bytes(new byte[] {3}).text("grüße \uD83D\uDE00").ints(new int[] {-1, 0, 7}).body();
        WireReader in = new WireReader(body);
        assertEquals(255, in.u8("a"));
        assertEquals(true, in.flag("b"));
        assertEquals(65535, in.u16("c"));
        assertEquals(4294967295L, in.u32("d"));
        assertEquals(-1, in.u64("e"));
        assertArrayEquals(new byte[] {1, 2}, in.raw("f", 2));
        assertArrayEquals(new byte[] {3}, in.bytes("g", 1));
        assertEquals("grüße \uD83D\uDE00", in.text("h", 99));
        assertArrayEquals(new int[] {-1, 0, 7}, in.ints("i", 3));
        in.end();
    }

    @Test
    void isLittleEndian() {
        assertArrayEquals(new byte[] {2, 1, 6, 5, 4, 3, 14, 13, 12, 11, 10, 9, 8, 7},
            new WireWriter().u16(0x0102).u32(0x03040506).u64(0x0708090a0b0c0d0eL).body());
    }

    @Test
    void neverReadsPastTheEnd() {
        refused("ends in a", () -> new WireReader(new byte[0]).u8("a"));
        refused("ends in a", () -> new WireReader(new byte[1]).u16("a"));
        refused("ends in a", () -> new WireReader(new byte[3]).u32("a"));
        refused("ends in a", () -> new WireReader(new byte[7]).u64("a"));
        refused("ends in a", () -> new WireReader(new byte[2]).raw("a", 3));
        refused("ends in a", () -> new WireReader(new byte[] {2, 0, 9}).bytes("a", 9));
        refused("ends in a", () -> new WireReader(new byte[] {2, 0, 9}).text("a", 9));
        refused("ends in a", () -> new WireReader(new byte[] {1, 0, 9, 9, 9}).ints("a", 9));
    }

    @Test
    void refusesWhatIsTooLongBeforeItReadsIt() {
        byte[] most = new WireWriter().u16(65535).body();
        refused("length of a is 65535, must be 0 to 9", () -> new WireReader(most).bytes("a", 9));
        refused("length of a is 65535, must be 0 to 9", () -> new WireReader(most).text("a", 9));
        refused("length of a is 65535, must be 0 to 9", () -> new WireReader(most).ints("a", 9));
    }

    @Test
    void refusesMalformedTexts() {
        byte[] body = {2, 0, (byte) 0xc0, (byte) 0x80};
        refused("a is no UTF-8", () -> new WireReader(body).text("a", 9));
        assertThrows(IllegalArgumentException.class, () -> new WireWriter().text("\uD83D"));
    }

    @Test
    void refusesTrailingBytesAndStrangeFlags() {
        refused("has 2 bytes too many", () -> new WireReader(new byte[2]).end());
        refused("a is 2, must be 0 to 1", () -> new WireReader(new byte[] {2}).flag("a"));
    }

    @Test
    void doesNotWriteWhatDoesNotFit() {
        assertThrows(IllegalArgumentException.class, () -> new WireWriter().u8(256));
        assertThrows(IllegalArgumentException.class, () -> new WireWriter().u16(-1));
        assertThrows(IllegalArgumentException.class, () -> new WireWriter().u32(1L << 32));
        assertThrows(IllegalArgumentException.class, () -> new WireWriter().bytes(new byte[65536]));
    }

    private static void refused(String message, Executable read) {
        assertEquals(message, assertThrows(WireException.class, read).getMessage());
    }
}
