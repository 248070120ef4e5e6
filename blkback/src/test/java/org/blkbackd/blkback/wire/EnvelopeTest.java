// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.wire;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;

class EnvelopeTest {

    @Test
    void opensWhatItSealed() throws WireException {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int i = 0; i < 200; i++) {
            byte[] body = new byte[random.nextInt(i == 0 ? 1 : Envelope.MAX_BODY + 1)];
            random.nextBytes(body);
            int version = 1 + random.nextInt(0xffff);
            byte[] sealed = Envelope.seal(Kind.TAKEOVER, version, body);
            Envelope.Opened opened = Envelope.open(Kind.TAKEOVER, version, ByteBuffer.wrap(sealed));
            assertArrayEquals(body, opened.body(), "seed " + seed);
            assertEquals(version, opened.version(), "seed " + seed);
            assertEquals(sealed.length, opened.length(), "seed " + seed);
        }
    }

    @Test
    void hasTheLayoutItStates() {
        byte[] sealed = Envelope.seal(Kind.HELLO, 0x0102, new byte[] {7, 8, 9});
        ByteBuffer fields = ByteBuffer.wrap(sealed).order(ByteOrder.LITTLE_ENDIAN);
        assertEquals("BLKBACKD", new String(sealed, 0, 8, StandardCharsets.US_ASCII));
        assertEquals(2, fields.getShort(8));
        assertEquals(0x0102, fields.getShort(10));
        assertEquals(3, fields.getInt(12));
        CRC32C crc = new CRC32C();
        crc.update(sealed, 0, 19);
        assertEquals((int) crc.getValue(), fields.getInt(19));
        assertEquals(23, sealed.length);
    }

    @Test
    void refusesANewerVersionByName() {
        byte[] sealed = Envelope.seal(Kind.RING, 3, new byte[0]);
        assertEquals("version 3 is newer than 1, which is the newest that this blkbackd reads: upgrade this one, or"
            + " hand over with an older one", refusal(Kind.RING, sealed));
    }

    @Test
    void saysWhatIsWrong() {
        byte[] sealed = Envelope.seal(Kind.RING, 1, new byte[5]);
        assertEquals("holds RING where HELLO was expected", refusal(Kind.HELLO, sealed));
        assertEquals("not written by blkbackd", refusal(Kind.RING, new byte[4096]));
        assertEquals("too short: 0 bytes, fewer than a header's 16", refusal(Kind.RING, new byte[0]));
        assertEquals("too short: 24 bytes of 25", refusal(Kind.RING, Arrays.copyOf(sealed, 24)));
        assertEquals("says that it is 4294967295 bytes long, more than 65536",
            refusal(Kind.RING, put(sealed, 12, 0xff, 0xff, 0xff, 0xff)));
        assertEquals("damaged: the checksum does not match", refusal(Kind.RING, put(sealed, 17, 1)));
        assertEquals("has version 0, which there is not", refusal(Kind.RING, resealed(put(sealed, 10, 0))));
        assertEquals("holds kind 9 where RING was expected", refusal(Kind.RING, resealed(put(sealed, 8, 9))));
    }

    @Test
    void survivesWhateverSomebodyDoesToIt() throws WireException {
        byte[] sealed = Envelope.seal(Kind.TAKEOVER, 1, new byte[] {1, 2, 3, 4, 5});
        Golden.Decoder<Integer> decoder = bytes -> Envelope.open(Kind.TAKEOVER, 1, bytes).length();
        HostileBytes.areSurvived(sealed, decoder);
    }

    @Test
    void survivesNoise() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        byte[] start = Envelope.seal(Kind.RING, 1, new byte[0]);
        for (int i = 0; i < 10_000; i++) {
            byte[] noise = new byte[random.nextInt(300)];
            random.nextBytes(noise);
            System.arraycopy(start, 0, noise, 0, Math.min(noise.length, random.nextInt(17)));
            assertThrows(WireException.class, () -> Envelope.open(Kind.RING, 1, ByteBuffer.wrap(noise)),
                "seed " + seed);
        }
    }

    @Test
    void doesNotSealWhatNobodyCouldOpen() {
        byte[] large = new byte[Envelope.MAX_BODY + 1];
        assertThrows(IllegalArgumentException.class, () -> Envelope.seal(Kind.RING, 1, large));
        assertThrows(IllegalArgumentException.class, () -> Envelope.seal(Kind.RING, 0, new byte[0]));
        assertThrows(IllegalArgumentException.class, () -> Envelope.seal(Kind.RING, 0x10000, new byte[0]));
    }

    private static String refusal(Kind expected, byte[] bytes) {
        return assertThrows(WireException.class, () -> Envelope.open(expected, 1, ByteBuffer.wrap(bytes)))
            .getMessage();
    }

    private static byte[] put(byte[] bytes, int at, int... values) {
        byte[] changed = bytes.clone();
        for (int i = 0; i < values.length; i++) {
            changed[at + i] = (byte) values[i];
        }
        return changed;
    }

    private static byte[] resealed(byte[] bytes) {
        CRC32C crc = new CRC32C();
        crc.update(bytes, 0, bytes.length - 4);
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putInt(bytes.length - 4, (int) crc.getValue());
        return bytes;
    }
}
