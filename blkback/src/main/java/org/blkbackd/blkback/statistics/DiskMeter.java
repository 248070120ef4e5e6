// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.statistics;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.blkbackd.blkback.ring.RingCounters;
import org.blkbackd.blkback.ring.RingCounters.Counter;

/** The rings of one disk and the file that they are counted in. Owned by the publisher's thread. */
final class DiskMeter implements AutoCloseable {

    private static final int SECTOR_SHIFT = 9;

    private final StatisticsFile file;
    private final List<RingCounters> rings = new ArrayList<>();
    private long answered;

    DiskMeter(StatisticsFile file) {
        this.file = file;
    }

    void add(RingCounters ring) {
        rings.add(ring);
    }

    /** A ring is released: by identity, for each has counters of its own. Returns whether it was the last. */
    boolean remove(RingCounters ring) {
        rings.removeIf(one -> one == ring);
        return rings.isEmpty();
    }

    /** Publishes; returns whether something has happened since the last time, or is under way. */
    boolean publish() {
        file.publish(sum(Counter.READS), sum(Counter.READ_BYTES) >> SECTOR_SHIFT, sum(Counter.WRITES),
            sum(Counter.WRITE_BYTES) >> SECTOR_SHIFT, sum(Counter.IO_ERRORS));
        long before = answered;
        answered = sum(Counter.RESPONSES);
        // What is held is answered some day, or never: nobody need look for it.
        return answered != before || sum(Counter.REQUESTS) > answered + sum(Counter.HELD);
    }

    private long sum(Counter counter) {
        long sum = 0;
        for (RingCounters ring : rings) {
            sum += ring.get(counter);
        }
        return sum;
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
