// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.ring;

/**
 * The requests of one ring that were taken off it and whose responses are not published, and what they are made of:
 * request objects, chunks for data, tables for descriptors. Owned by the ring's worker.
 *
 * <p>A request is in one place: with the engine, or waiting in {@link RingIntake} to be started, or {@link #held}.
 * Every stop counts them.
 */
final class InFlight {

    private final PendingRequest[] free;
    private final BufferShare chunks;
    private final BufferShare tables;
    private final RequestQueue held;
    private int freeCount;
    private long sequence;
    private PendingRequest barrier;

    /** @param slots of the ring: no more can be in flight */
    InFlight(int slots, BufferShare chunks, BufferShare tables) {
        this.chunks = chunks;
        this.tables = tables;
        held = new RequestQueue(slots);
        free = new PendingRequest[slots];
        for (int i = slots - 1; i >= 0; i--) {
            free[freeCount++] = new PendingRequest(i);
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
        PendingRequest request = free[--freeCount];
        request.sequence(sequence++);
        return request;
    }

    /** The one with this number, for a request that an earlier process took off the ring; each in the ring's order. */
    PendingRequest take(int number) {
        int at = 0;
        while (free[at].number() != number) {
            at++;
        }
        PendingRequest request = free[at];
        free[at] = free[--freeCount];
        request.sequence(sequence++);
        return request;
    }

    /** The request's response is published. */
    void give(PendingRequest request) {
        free[freeCount++] = request;
    }

    /** Requests that failed and are kept unanswered, in the ring's order. */
    RequestQueue held() {
        return held;
    }

    /** All there are. */
    int count() {
        return free.length - freeCount;
    }

    /** The barrier that runs, or is held: nothing else may start until it is done. Null for none. */
    PendingRequest barrier() {
        return barrier;
    }

    void barrier(PendingRequest request) {
        barrier = request;
    }

    /** The ring is released, and nothing is left of its requests here. */
    void close() {
        chunks.close();
        tables.close();
    }
}
