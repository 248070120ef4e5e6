// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.crash;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/** What the checker lets pass, and what it does not. */
class BlockHistoryTest {

    private final BlockHistory block = new BlockHistory();

    private int written() {
        int generation = block.change(false);
        block.answered(generation);
        return generation;
    }

    private boolean accepts(int found) {
        return block.reader().accepts(found);
    }

    @Test
    void aDiskNobodyWroteHoldsZeros() {
        assertTrue(accepts(0));
        assertFalse(accepts(1));
        assertFalse(accepts(Stamp.BAD));
    }

    @Test
    void anAnsweredWriteIsThereAndTheOneBeforeIsNot() {
        int first = written();
        int second = written();
        assertTrue(accepts(second));
        assertFalse(accepts(first), "an old write came back");
        assertFalse(accepts(0), "a write was lost");
    }

    @Test
    void aWriteInFlightMayBeThereOrNot() {
        int first = written();
        int second = block.change(false);
        assertTrue(accepts(first));
        assertTrue(accepts(second));
        block.answered(second);
        assertFalse(accepts(first));
    }

    @Test
    void ofWritesOutstandingTogetherEitherWins() {
        int before = written();
        int first = block.change(false);
        int second = block.change(false);
        block.answered(second);
        assertFalse(accepts(before));
        assertTrue(accepts(first), "it is still in flight");
        block.answered(first);
        assertTrue(accepts(first));
        assertTrue(accepts(second));
        int third = written();
        assertFalse(accepts(first));
        assertFalse(accepts(second));
        assertTrue(accepts(third));
    }

    @Test
    void aReadSeesWhatWasThereWhenItSetOutAndWhatCameSince() {
        int first = written();
        BlockHistory.Reader reader = block.reader();
        int second = written();
        assertTrue(reader.accepts(first));
        assertTrue(reader.accepts(second));
        assertFalse(reader.accepts(0));
        assertFalse(reader.accepts(second + 1));
    }

    @Test
    void onlyAReadThatMeetsAWriteMayFindSomeOfBoth() {
        written();
        BlockHistory.Reader alone = block.reader();
        assertFalse(alone.accepts(Stamp.BAD));
        int second = block.change(false);
        assertTrue(alone.accepts(Stamp.BAD), "it may have been done during the read");
        assertTrue(accepts(Stamp.BAD));
        block.answered(second);
        assertFalse(accepts(Stamp.BAD));
    }

    @Test
    void whatWasDiscardedIsZerosOrOldUntilItIsWritten() {
        int first = written();
        int discard = block.change(true);
        assertTrue(accepts(first));
        block.answered(discard);
        assertTrue(accepts(0));
        assertTrue(accepts(first));
        assertFalse(accepts(discard + 1));
        int second = written();
        assertTrue(accepts(second));
        assertFalse(accepts(0));
        assertFalse(accepts(first));
    }

    @Test
    void itIsBusyWhileAnythingIsInFlight() {
        assertFalse(block.isBusy());
        int first = block.change(false);
        int second = block.change(true);
        block.answered(first);
        assertTrue(block.isBusy());
        block.answered(second);
        assertFalse(block.isBusy());
    }

    @Test
    void aSectorIsKnownByOwnerPlaceAndGeneration() {
        Stamp stamp = new Stamp(1);
        byte[] data = new byte[1024];
        assertEquals(0, stamp.read(data, 512, 7), "zeros");
        stamp.write(data, 512, 7, 3);
        assertEquals(3, stamp.read(data, 512, 7));
        assertEquals(Stamp.BAD, stamp.read(data, 512, 8), "elsewhere");
        assertEquals(Stamp.BAD, new Stamp(2).read(data, 512, 7), "another disk's");
        for (int at = 0; at < Stamp.SIZE; at++) {
            data[512 + at] ^= 4;
            assertEquals(Stamp.BAD, stamp.read(data, 512, 7), "damaged at byte " + at);
            data[512 + at] ^= 4;
        }
    }
}
