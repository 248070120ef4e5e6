// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.sim;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import org.blkbackd.ioengine.DiskInfo;

/**
 * What a {@link RecordingDisk} was told, in the order in which it began and ended, and what its storage may hold when
 * the power fails at any point of it. Thread-safe.
 *
 * <p>A point is a number of events, {@link #now} the last. What must be there at a point: every write and discard that
 * had ended well before a flush began that itself has ended well by then. Of everything else that has begun any sectors
 * may be there and any may not, whatever order it had: storage with a cache promises no more.
 *
 * <p>What the disk refuses is not recorded; a write that failed may have reached any of its sectors.
 */
public final class DiskLog {

    private static final int NEVER = Integer.MAX_VALUE;

    private final List<Entry> entries = new ArrayList<>();
    private int events;

    /** A write, a discard (no data) or a flush (no range). */
    static final class Entry {
        private final boolean flush;
        private final long offset;
        private final long length;
        private final byte[] data;
        private final int begin;
        private int end = NEVER;

        private Entry(boolean flush, long offset, long length, byte[] data, int begin) {
            this.flush = flush;
            this.offset = offset;
            this.length = length;
            this.data = data;
            this.begin = begin;
        }
    }

    DiskLog() {
    }

    /** The number of events so far: requests that began, and those that ended well. */
    public synchronized int now() {
        return events;
    }

    /** Flushes that ended well. */
    public synchronized int flushes() {
        return (int) entries.stream().filter(entry -> entry.flush && entry.end != NEVER).count();
    }

    /** As if the power failed at a point: what must be there, and nothing else. */
    public synchronized DiskReplay least(int point) {
        return replay(point, null);
    }

    /** The same with sectors of the other writes, drawn from a seed: from hardly any of them to nearly all. */
    public DiskReplay powerFailure(int point, long seed) {
        return replay(point, new Random(seed));
    }

    /** What is there when everything that has begun by a point is done, in the order in which it began. */
    public synchronized DiskReplay complete(int point) {
        DiskReplay replay = new DiskReplay();
        entries.stream().filter(entry -> !entry.flush && entry.begin < point).forEach(entry -> apply(replay, entry));
        return replay;
    }

    synchronized Entry beginWrite(long offset, byte[] data) {
        return begin(new Entry(false, offset, data.length, data, events));
    }

    synchronized Entry beginDiscard(long offset, long length) {
        return begin(new Entry(false, offset, length, null, events));
    }

    synchronized Entry beginFlush() {
        return begin(new Entry(true, 0, 0, null, events));
    }

    private Entry begin(Entry entry) {
        entries.add(entry);
        events++;
        return entry;
    }

    synchronized void end(Entry entry, long result) {
        if (result == 0) {
            entry.end = events++;
        }
    }

    private synchronized DiskReplay replay(int point, Random random) {
        int covered = entries.stream().filter(entry -> entry.flush && entry.end < point)
            .mapToInt(entry -> entry.begin).max().orElse(-1);
        DiskReplay replay = new DiskReplay();
        // of two that were in flight together the one that ended last counts; they have no order of their own
        entries.stream().filter(entry -> !entry.flush && entry.end < covered)
            .sorted(Comparator.comparingInt(entry -> entry.end)).forEach(entry -> apply(replay, entry));
        if (random != null) {
            double share = random.nextDouble();
            entries.stream().filter(entry -> !entry.flush && entry.begin < point && entry.end >= covered)
                .forEach(entry -> applySome(replay, entry, random, share));
        }
        return replay;
    }

    private static void apply(DiskReplay replay, Entry entry) {
        applySome(replay, entry, null, 1);
    }

    /** Whole or not at all as often as torn: both are what storage does. */
    private static void applySome(DiskReplay replay, Entry entry, Random random, double share) {
        boolean torn = random != null && random.nextBoolean();
        boolean whole = random == null || random.nextDouble() < share;
        for (long at = 0; at < entry.length; at += DiskInfo.SECTOR_SIZE) {
            if (torn ? random.nextDouble() < share : whole) {
                replay.put(entry.offset + at, entry.data, Math.toIntExact(entry.data == null ? 0 : at));
            }
        }
    }
}
