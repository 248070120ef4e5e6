// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.ring;

/** What a worker gives its turns and its events to. Owned by the worker. */
interface Attached {

    /**
     * One turn; returns how much was done, 0 when it can sleep until an event or a completion.
     *
     * @param last the worker sleeps next if nothing is done: only now need the frontend be asked for an event
     */
    int pass(boolean last);

    /** Whether storage is at work for it, and will wake the worker. */
    default boolean isWithStorage() {
        return false;
    }

    /** Nanoseconds until it wants a turn although nothing happens; Long.MAX_VALUE when it does not. */
    default long waitNs() {
        return Long.MAX_VALUE;
    }

    /** The frontend's event came. */
    void signal();

    /** Holds nothing any more, so that it needs no more turns. */
    boolean isReleased();

    /**
     * A turn broke by a fault of ours.
     *
     * @return whether it is the first
     */
    boolean fail(RuntimeException fault);
}
