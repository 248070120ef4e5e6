// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.ring;

import org.HdrHistogram.AtomicHistogram;
import org.HdrHistogram.Histogram;

/**
 * How long the requests of one ring took, from being taken off the ring to their response: one histogram for each
 * operation, counted since the ring was attached. Written by the ring's worker alone, without allocation and without
 * locks; read by anyone at any time.
 *
 * <p>Values are in nanoseconds and exact to 1/16 of themselves, which makes a ring's four histograms 12 KiB. What takes
 * longer than {@link #MAX_NANOS} counts as that long. Nothing is ever reset: who wants the last second takes the
 * difference of two totals, and no reader disturbs another.
 */
public final class LatencyCounts {

    /** What is told apart. */
    public enum Operation { READ, WRITE, FLUSH, DISCARD }

    /** The longest time that is told from a longer one. */
    public static final long MAX_NANOS = 60_000_000_000L;

    /** Below two of these, times are not told apart. */
    private static final long UNIT_NANOS = 1_000;
    private static final int SIGNIFICANT_DIGITS = 1;
    private static final int OPERATIONS = Operation.values().length;

    private final AtomicHistogram[] counts = new AtomicHistogram[OPERATIONS];

    /** All counts zero. */
    public LatencyCounts() {
        for (int i = 0; i < OPERATIONS; i++) {
            counts[i] = new AtomicHistogram(UNIT_NANOS, MAX_NANOS, SIGNIFICANT_DIGITS);
        }
    }

    /** Counts one request. A clock that went backwards counts as no time at all. */
    public void record(Operation operation, long nanos) {
        counts[operation.ordinal()].recordValue(Math.max(0, Math.min(nanos, MAX_NANOS)));
    }

    /** Adds what was counted so far to {@code total}, which {@link #newTotal} made: the rings of one disk add up. */
    public void addTo(Histogram total, Operation operation) {
        total.add(counts[operation.ordinal()]);
    }

    /** An empty histogram that any number of rings can be added to without loss. The caller's own. */
    public static Histogram newTotal() {
        return new Histogram(UNIT_NANOS, MAX_NANOS, SIGNIFICANT_DIGITS);
    }

    /** Heap that one ring's counts take, in bytes. */
    long footprintBytes() {
        long bytes = 0;
        for (AtomicHistogram histogram : counts) {
            bytes += histogram.getEstimatedFootprintInBytes();
        }
        return bytes;
    }
}
