// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import org.blkbackd.blkback.wire.Golden.Decoder;

/** What anybody may do to an envelope, for every kind of it. */
public final class HostileBytes {

    private HostileBytes() {
    }

    /** All of the below. */
    public static void areSurvived(byte[] good, Decoder<?> decoder) throws WireException {
        everyTruncationIsRefused(good, decoder);
        everyBitFlipIsRefused(good, decoder);
        onlyTheEnvelopeIsRead(good, decoder);
    }

    /** The body of an envelope with one byte changed, and perhaps cut short; to be sealed again. */
    public static byte[] forgedBody(byte[] good, Random random) {
        byte[] body = Arrays.copyOfRange(good, Envelope.HEADER_SIZE,
            good.length - Envelope.TRAILER_SIZE - random.nextInt(3));
        body[random.nextInt(body.length)] = (byte) random.nextInt(256);
        return body;
    }

    /** An envelope cut short anywhere is refused. */
    private static void everyTruncationIsRefused(byte[] good, Decoder<?> decoder) {
        for (int length = 0; length < good.length; length++) {
            byte[] cut = Arrays.copyOf(good, length);
            refused(cut, decoder);
        }
    }

    /** An envelope with any one bit changed is refused. */
    private static void everyBitFlipIsRefused(byte[] good, Decoder<?> decoder) {
        for (int bit = 0; bit < good.length * Byte.SIZE; bit++) {
            byte[] flipped = good.clone();
            flipped[bit / Byte.SIZE] ^= (byte) (1 << bit % Byte.SIZE);
            refused(flipped, decoder);
        }
    }

    /** What follows the envelope, or comes before the buffer's position, is nobody's business. */
    private static void onlyTheEnvelopeIsRead(byte[] good, Decoder<?> decoder) throws WireException {
        byte[] among = new byte[good.length + 200];
        Arrays.fill(among, (byte) 0xa5);
        System.arraycopy(good, 0, among, 100, good.length);
        ByteBuffer bytes = ByteBuffer.wrap(among).position(100);
        assertEquals(decoder.decode(ByteBuffer.wrap(good)), decoder.decode(bytes));
        assertEquals(100, bytes.position(), "the position stays");
    }

    private static void refused(byte[] bad, Decoder<?> decoder) {
        WireException refusal = assertThrows(WireException.class, () -> decoder.decode(ByteBuffer.wrap(bad)));
        assertFalse(refusal.getMessage().isBlank());
        assertFalse(refusal.getMessage().contains("\n"));
    }
}
