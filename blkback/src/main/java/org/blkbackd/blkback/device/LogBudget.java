// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.device;

import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * Bounds what a guest can make us log: per key a number of lines in an interval, and then one line that says how many
 * were left out. (XSA-180: a guest filled dom0's disk through its backend's log.) Owned by one thread.
 *
 * <p>An interval begins with its first line. The lines of one key, all {@value #MOST_CHARS} characters long and each
 * an escape of six bytes, stay under 1 MiB an hour with {@link #LINES} and {@link #INTERVAL_NS}.
 */
public final class LogBudget {

    /** Lines of one key in an interval, unless the constructor is told otherwise. */
    public static final int LINES = 10;

    /** One minute. */
    public static final long INTERVAL_NS = 60_000_000_000L;

    /** Longer lines are cut. */
    public static final int MOST_CHARS = 250;

    private static final class Interval {
        private final long startNs;
        private int lines;
        private long dropped;
        private Consumer<String> sink;

        Interval(long startNs) {
            this.startNs = startNs;
        }
    }

    private final int lines;
    private final long intervalNs;
    private final LongSupplier clockNs;
    private final Map<String, Interval> intervals = new HashMap<>();
    private long dropped;

    /** {@code clockNs} is {@code System::nanoTime}, or a test's. */
    public LogBudget(LongSupplier clockNs) {
        this(LINES, INTERVAL_NS, clockNs);
    }

    /** {@code lines} of one key in {@code intervalNs} nanoseconds, not counting the one that says what is missing. */
    public LogBudget(int lines, long intervalNs, LongSupplier clockNs) {
        this.lines = lines;
        this.intervalNs = intervalNs;
        this.clockNs = clockNs;
    }

    /**
     * Hands {@code KEY: LINE} to {@code sink}, or counts it when the key has spent its budget.
     *
     * @param key ours, never a guest's words: a vbd's name
     * @param sink such as {@code LOG::warn}; that of a key's last dropped line also gets the line about all of them
     */
    public void offer(String key, Consumer<String> sink, String line) {
        long now = clockNs.getAsLong();
        Interval interval = intervals.get(key);
        if (interval == null || isOver(interval, now)) {
            report(key, interval);
            interval = new Interval(now);
            intervals.put(key, interval);
        }
        if (interval.lines < lines) {
            interval.lines++;
            sink.accept(key + ": " + cut(line));
        } else {
            interval.dropped++;
            interval.sink = sink;
            dropped++;
        }
    }

    /** Call now and then: says what was left out of intervals that are over, and lets go of their keys. */
    public void tick() {
        long now = clockNs.getAsLong();
        Iterator<Map.Entry<String, Interval>> entries = intervals.entrySet().iterator();
        while (entries.hasNext()) {
            Map.Entry<String, Interval> entry = entries.next();
            if (isOver(entry.getValue(), now)) {
                entries.remove();
                report(entry.getKey(), entry.getValue());
            }
        }
    }

    /** Whether some key's lines were left out and {@link #tick} has not said so yet. */
    boolean isSpent() {
        for (Interval interval : intervals.values()) {
            if (interval.dropped > 0) {
                return true;
            }
        }
        return false;
    }

    /** Lines left out so far, of all keys. */
    public long dropped() {
        return dropped;
    }

    /** Keys with an interval that {@link #tick} has not ended. */
    int keys() {
        return intervals.size();
    }

    private boolean isOver(Interval interval, long now) {
        return now - interval.startNs >= intervalNs;
    }

    private static void report(String key, Interval interval) {
        if (interval != null && interval.dropped > 0) {
            interval.sink.accept(key + ": and " + interval.dropped + " more");
        }
    }

    private static String cut(String line) {
        return line.length() <= MOST_CHARS ? line : line.substring(0, MOST_CHARS - 3) + "...";
    }
}
