// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.ring;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
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
        NOTIFIES
    }

    private static final VarHandle LONGS = MethodHandles.arrayElementVarHandle(long[].class);

    private final long[] values = new long[Counter.values().length];
    private final LoopCounters loop;

    WorkerCounters(LoopCounters loop) {
        this.loop = loop;
    }

    void add(Counter counter, long amount) {
        int index = counter.ordinal();
        LONGS.setOpaque(values, index, values[index] + amount);
    }

    /** The counter now. */
    public long get(Counter counter) {
        return (long) LONGS.getOpaque(values, counter.ordinal());
    }

    /** What its loop has cost. */
    public LoopCounters loop() {
        return loop;
    }
}
