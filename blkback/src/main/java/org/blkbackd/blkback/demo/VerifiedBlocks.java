// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.demo;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.BitSet;

/**
 * What every block of the demo's disk must hold: a pattern made from the seed, the block's number and how often it was
 * written, so that a lost, late, misplaced or torn write shows. Owned by one thread.
 */
final class VerifiedBlocks {

    /** The first word of every block of every demo: how a later run knows the image for its own. */
    static final long MAGIC = 0x6f6d65646b6c62L;

    private final long seed;
    private final int blockSize;
    private final int[] versions;
    private final BitSet busy;

    VerifiedBlocks(long seed, int blockSize, int blocks) {
        this.seed = seed;
        this.blockSize = blockSize;
        versions = new int[blocks];
        busy = new BitSet(blocks);
    }

    int blocks() {
        return versions.length;
    }

    int blockSize() {
        return blockSize;
    }

    boolean isWritten(int block) {
        return versions[block] > 0;
    }

    /** Whether I/O on the block is under way: overlapping requests have no order, so none are made. */
    boolean isBusy(int block) {
        return busy.get(block);
    }

    void busy(int block, boolean now) {
        busy.set(block, now);
    }

    /** Fills {@code into} with the block's next version, which is what it holds from now on. */
    void nextVersion(int block, ByteBuffer into) {
        versions[block]++;
        ByteBuffer words = into.duplicate().order(ByteOrder.LITTLE_ENDIAN);
        int start = words.position();
        for (int at = 0; at < blockSize; at += Long.BYTES) {
            words.putLong(start + at, word(block, at));
        }
    }

    /** Whether {@code from} holds what the block must hold. */
    boolean matches(int block, ByteBuffer from) {
        ByteBuffer words = from.duplicate().order(ByteOrder.LITTLE_ENDIAN);
        int start = words.position();
        for (int at = 0; at < blockSize; at += Long.BYTES) {
            if (words.getLong(start + at) != word(block, at)) {
                return false;
            }
        }
        return true;
    }

    private long word(int block, int at) {
        if (at == 0) {
            return MAGIC;
        }
        // splitmix64 over all that tells one word of one write from any other
        long x = seed + block * 0x9E3779B97F4A7C15L + versions[block] * 0xD1B54A32D192ED03L + at;
        x = (x ^ x >>> 30) * 0xBF58476D1CE4E5B9L;
        x = (x ^ x >>> 27) * 0x94D049BB133111EBL;
        return x ^ x >>> 31;
    }
}
