// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.ring;

import org.blkbackd.ioengine.LoopCounters;

/** What one worker has cost, all its rings together: written by the worker alone, read by anyone. */
public final class WorkerCounters {

    /** What is counted, beside what the worker's loop counts. */
    public enum Counter {
        /** Requests taken off the rings. */
        REQUESTS,
        /** Grant copies, of many segments each. */
        COPIES,
        /** Events taken. */
        EVENTS,
        /** Events sent. */
        NOTIFIES,
        /** Times with nothing to do that ended before the worker slept, because it looked again. */
        POLLS
    }

    private final Counts<Counter> counts = new Counts<>(Counter.class);
    private final LoopCounters loop;

    WorkerCounters(LoopCounters loop) {
        this.loop = loop;
    }

    void add(Counter counter, long amount) {
        counts.add(counter, amount);
    }

    /** The counter now. */
    public long get(Counter counter) {
        return counts.get(counter);
    }

    /** What its loop has cost. */
    public LoopCounters loop() {
        return loop;
    }
}
