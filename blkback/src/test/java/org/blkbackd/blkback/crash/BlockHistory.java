// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.crash;

import java.util.ArrayList;
import java.util.List;

/**
 * What one block may hold. A write replaces those that were answered before it was submitted, and is replaced as soon
 * as one is answered that was submitted after its own answer; of writes that were outstanding together, either may win.
 * What was discarded may be zeros, or anything that was there before. Generations count from 1; 0 is a disk nobody
 * wrote.
 */
public final class BlockHistory {

    private static final class Change {
        private final int generation;
        private final boolean discard;
        private final long submitted;
        private long answered = Long.MAX_VALUE;

        Change(int generation, boolean discard, long submitted) {
            this.generation = generation;
            this.discard = discard;
            this.submitted = submitted;
        }

        boolean explains(int found) {
            return found == generation || discard && found < generation;
        }
    }

    /** What a reader may find: what was possible when it set out, and whatever came since. */
    public final class Reader {
        private final List<Change> possible = List.copyOf(changes);
        private final int from = next;
        private final boolean busy = isBusy();

        /** Whether that may be found. */
        public boolean accepts(int found) {
            boolean since = found >= from && found < next || lastDiscard >= from && found < lastDiscard;
            // A read of the page cache may find some cache lines of a write that is just being done.
            if (found == Stamp.BAD) {
                return busy || from < next;
            }
            return since || possible.stream().anyMatch(change -> change.explains(found));
        }

        @Override
        public String toString() {
            return BlockHistory.this.toString() + (from < next ? " and, since the read, " + from + " to "
                + (next - 1) : "");
        }
    }

    private final List<Change> changes = new ArrayList<>();
    private int next = 1;
    private int lastDiscard;
    private int outstanding;
    private long clock;

    /** Of a disk that nobody wrote. */
    public BlockHistory() {
        Change nothing = new Change(0, false, 0);
        nothing.answered = 0;
        changes.add(nothing);
    }

    /** A write or discard is submitted; returns its generation. */
    public int change(boolean discard) {
        changes.add(new Change(next, discard, ++clock));
        outstanding++;
        if (discard) {
            lastDiscard = next;
        }
        return next++;
    }

    /** It was answered. */
    public void answered(int generation) {
        outstanding--;
        Change done = changes.stream().filter(change -> change.generation == generation).findFirst().orElse(null);
        if (done != null) {
            done.answered = ++clock;
            changes.removeIf(change -> change.answered < done.submitted);
        }
    }

    /** A write or discard of it is under way. */
    public boolean isBusy() {
        return outstanding > 0;
    }

    /** One that sets out now. */
    public Reader reader() {
        return new Reader();
    }

    @Override
    public String toString() {
        return "one of generations " + changes.stream().map(change -> change.generation
            + (change.discard ? " (a discard)" : "") + (change.answered == Long.MAX_VALUE ? " (in flight)" : ""))
            .toList();
    }
}
