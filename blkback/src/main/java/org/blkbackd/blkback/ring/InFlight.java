// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.ring;

/**
 * The requests of one ring that were taken off it and not yet answered, by count, and what they are made of: request
 * objects, chunks for data, tables for descriptors. Owned by the ring's worker.
 */
final class InFlight {

    private final PendingRequest[] free;
    private final BufferShare chunks;
    private final BufferShare tables;
    private int freeCount;
    private int held;
    private boolean barrier;

    /** @param slots of the ring: no more can be in flight */
    InFlight(int slots, BufferShare chunks, BufferShare tables) {
        this.chunks = chunks;
        this.tables = tables;
        free = new PendingRequest[slots];
        for (int i = 0; i < slots; i++) {
            free[freeCount++] = new PendingRequest();
        }
    }

    BufferShare chunks() {
        return chunks;
    }

    BufferShare tables() {
        return tables;
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

    /** The ring is released, and every request was answered or held. */
    void close() {
        chunks.close();
        tables.close();
    }
}
