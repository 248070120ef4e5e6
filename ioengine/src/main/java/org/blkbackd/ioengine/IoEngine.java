// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine;

/**
 * Data handle on a disk; one owner thread calls everything here. Nothing blocks and nothing allocates.
 *
 * <p>Requests complete in any order. A flush covers every write that was reaped before the flush was submitted, on
 * whichever engine of the disk, and no other: a caller that wants more order waits.
 */
public interface IoEngine extends AutoCloseable {

    /**
     * Takes a prepared request. False when {@code depth} requests are in flight: reap, then try again. Faults of the
     * request (range, read-only) come back as its completion, not from here.
     */
    boolean submit(IoRequest request);

    /** Starts everything submitted since the last kick; a batch pays one crossing. */
    void kick();

    /** The next completed request, its {@link IoRequest#result} set, or null. */
    IoRequest reap();

    /** Requests submitted and not yet reaped. */
    int inFlight();

    /**
     * Makes every discard of this engine complete soon, with ECANCELED if it is not done by then; for good. For an
     * owner that is about to close and need not wait until a terabyte is discarded. What was discarded stays so.
     */
    default void abandonDiscards() {
        // for engines whose discards take no time
    }

    /** Releases the engine. Throws IllegalStateException while requests are in flight. */
    @Override
    void close();
}
