// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.grant.sim;

import java.util.function.IntPredicate;

/**
 * Finds a free slot of a shared table. Two words of hint lie at {@code hints}: where to look next, and the end of what
 * was ever used, which keeps sweeps short and the file sparse. A wrong hint costs time, nothing else: the slot's own
 * word decides.
 */
final class FreeSlots {

    /** Bytes of the hints. */
    static final int HINT_BYTES = 8;

    /** Slots to look at before the table grows instead. */
    private static final int PATIENCE = 64;

    private final SharedMemory memory;
    private final int hints;
    private final int first;
    private final int count;

    FreeSlots(SharedMemory memory, int hints, int first, int count) {
        this.memory = memory;
        this.hints = hints;
        this.first = first;
        this.count = count;
    }

    /** The end of the slots that were ever claimed. */
    int end() {
        return Math.max(first, Math.min(memory.getInt(hints + 4), count));
    }

    /** The first slot that {@code claim}, which must be a compare-and-set, takes; -1 when all are taken. */
    int claim(IntPredicate claim) {
        int slot = scan(claim, PATIENCE);
        if (slot < 0) {
            slot = grow(claim);
        }
        return slot < 0 ? scan(claim, count) : slot;
    }

    /** Tells that {@code slot} was claimed in another way than by {@link #claim}. */
    void raiseEnd(int slot) {
        int end = memory.getInt(hints + 4);
        while (end <= slot && !memory.casInt(hints + 4, end, slot + 1)) {
            end = memory.getInt(hints + 4);
        }
    }

    private int scan(IntPredicate claim, int patience) {
        int end = end();
        int slot = Math.max(first, memory.getInt(hints));
        for (int i = Math.min(patience, end - first); i > 0; i--) {
            slot = slot < end ? slot : first;
            if (claim.test(slot)) {
                memory.setInt(hints, slot + 1);
                return slot;
            }
            slot++;
        }
        memory.setInt(hints, slot);
        return -1;
    }

    private int grow(IntPredicate claim) {
        for (int slot = end(); slot < count; slot++) {
            // The end moves first: a slot claimed by a process killed right here must not lie beyond every sweep.
            raiseEnd(slot);
            if (claim.test(slot)) {
                return slot;
            }
        }
        return -1;
    }
}
