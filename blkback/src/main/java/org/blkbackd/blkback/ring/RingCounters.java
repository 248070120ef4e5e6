// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.ring;

/** Counters of one ring: written by its worker alone, read by anyone. */
public final class RingCounters {

    /** What is counted. */
    public enum Counter {
        /** Requests taken off the ring. */
        REQUESTS,
        /** Requests answered, whatever the answer; the difference to REQUESTS is in flight or held. */
        RESPONSES,
        /** READ requests answered OKAY, and their bytes. */
        READS, READ_BYTES,
        /** WRITE requests answered OKAY, and their bytes. */
        WRITES, WRITE_BYTES,
        /** FLUSH and WRITE_BARRIER requests answered OKAY; the data of theirs is part of WRITE_BYTES. */
        FLUSHES,
        /** DISCARD requests answered OKAY, and the bytes they named. */
        DISCARDS, DISCARD_BYTES,
        /** Requests whose segments lay in a page of their own. */
        INDIRECT,
        /** Requests answered before any I/O: malformed, or an operation we do not know. */
        MALFORMED, UNSUPPORTED,
        /** Requests that failed because the guest's pages could not be copied. */
        COPY_FAILURES,
        /** Requests that the disk failed. */
        IO_ERRORS,
        /** Requests that failed and are kept unanswered, now, and those of them whose flush failed: these also fall. */
        HELD, HELD_FLUSHES,
        /** Events sent to the frontend. */
        NOTIFIES,
        /** Times that requests began to wait on the ring because of the disk's limits. */
        LIMITED
    }

    private final Counts<Counter> counts = new Counts<>(Counter.class);

    void increment(Counter counter) {
        add(counter, 1);
    }

    void add(Counter counter, long amount) {
        counts.add(counter, amount);
    }

    /** The counter now. */
    public long get(Counter counter) {
        return counts.get(counter);
    }
}
