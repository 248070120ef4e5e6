// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.power;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** What a sector holds: the generation it was written in, its number, and words made of both and the seed. */
final class Stamp {

    static final int BYTES = 512;
    /** {@link #generation} of a sector that holds nothing that was ever written there. */
    static final int FOREIGN = -1;

    private Stamp() {
    }

    /** Fills one sector of {@code into}. Generations begin at 1; 0 is a sector of zeros, never written. */
    static void put(byte[] into, int at, long seed, int sector, int generation) {
        ByteBuffer words = ByteBuffer.wrap(into, at, BYTES).order(ByteOrder.LITTLE_ENDIAN);
        words.putLong(generation);
        for (int i = 1; i < BYTES / Long.BYTES; i++) {
            words.putLong(word(seed, sector, generation, i));
        }
    }

    /** The generation that a whole sector holds, or {@link #FOREIGN}. */
    static int generation(byte[] content, long seed, int sector) {
        ByteBuffer words = ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN);
        int generation = (int) words.getLong();
        for (int i = 1; i < BYTES / Long.BYTES; i++) {
            long expected = generation == 0 ? 0 : word(seed, sector, generation, i);
            if (words.getLong() != expected) {
                return FOREIGN;
            }
        }
        return generation;
    }

    private static long word(long seed, int sector, int generation, int index) {
        // splitmix64
        long x = seed + sector * 0x9E3779B97F4A7C15L + generation * 0xD1B54A32D192ED03L + index;
        x = (x ^ x >>> 30) * 0xBF58476D1CE4E5B9L;
        x = (x ^ x >>> 27) * 0x94D049BB133111EBL;
        return x ^ x >>> 31;
    }
}
