// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.demo;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

class VerifiedBlocksTest {

    private final VerifiedBlocks blocks = new VerifiedBlocks(42, 512, 8);

    @Test
    void knowsWhatItWroteLast() {
        ByteBuffer old = written(3);
        assertTrue(blocks.matches(3, old));
        ByteBuffer current = written(3);
        assertTrue(blocks.matches(3, current));
        assertFalse(blocks.matches(3, old), "a late or lost write must show");
    }

    @Test
    void tellsBlocksApart() {
        ByteBuffer third = written(3);
        written(4);
        assertFalse(blocks.matches(4, third), "a misplaced write must show");
    }

    @Test
    void seesASingleWrongBit() {
        ByteBuffer data = written(5);
        for (int bit = 0; bit < 512 * 8; bit++) {
            data.put(bit / 8, (byte) (data.get(bit / 8) ^ 1 << bit % 8));
            assertFalse(blocks.matches(5, data), "bit " + bit);
            data.put(bit / 8, (byte) (data.get(bit / 8) ^ 1 << bit % 8));
        }
        assertTrue(blocks.matches(5, data));
    }

    private ByteBuffer written(int block) {
        ByteBuffer data = ByteBuffer.allocate(512);
        blocks.nextVersion(block, data);
        return data;
    }
}
