// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.ring;

/**
 * The requests of one ring that were taken off it and not yet answered, by count, and the pool they come from. Owned by
 * the ring's worker.
 */
final class InFlight {

    private final PendingRequest[] free;
    private int freeCount;
    private int held;
    private boolean barrier;

    /** @param slots of the ring: no more can be in flight */
    InFlight(int slots) {
        free = new PendingRequest[slots];
        for (int i = 0; i < slots; i++) {
            free[freeCount++] = new PendingRequest();
        }
    }

    /** For a request that is taken off the ring now. */
    PendingRequest take() {
        return free[--freeCount];
    }

    /** The request is answered. */
    void give(PendingRequest request) {
        free[freeCount++] = request;
    }

    /** The request failed and is kept unanswered. */
    void hold() {
        held++;
    }

    /** Requests neither answered nor held. */
    int outstanding() {
        return free.length - freeCount - held;
    }

    /** A barrier runs: nothing else may start until it is done. */
    boolean barrier() {
        return barrier;
    }

    void barrier(boolean runs) {
        barrier = runs;
    }
}
