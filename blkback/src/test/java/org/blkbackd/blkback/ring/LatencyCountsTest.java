// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.ring;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import org.HdrHistogram.Histogram;
import org.blkbackd.blkback.ring.LatencyCounts.Operation;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class LatencyCountsTest {

    private static final long MICROSECOND = 1_000;
    private static final long SECOND = 1_000_000_000;
    private static final Operation[] OPERATIONS = Operation.values();

    private final LatencyCounts counts = new LatencyCounts();

    @Test
    void countsEachOperationByItself() {
        counts.record(Operation.READ, 100 * MICROSECOND);
        counts.record(Operation.READ, 200 * MICROSECOND);
        counts.record(Operation.FLUSH, SECOND);
        assertEquals(2, total(Operation.READ).getTotalCount());
        assertEquals(0, total(Operation.WRITE).getTotalCount());
        assertEquals(1, total(Operation.FLUSH).getTotalCount());
        assertNear(SECOND, total(Operation.FLUSH).getMaxValue());
    }

    @Test
    void isExactToASixteenthOverTheWholeRange() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int i = 0; i < 1_000; i++) {
            LatencyCounts one = new LatencyCounts();
            long nanos = (long) Math.pow(10, 4.5 + 6.2 * random.nextDouble());
            one.record(Operation.WRITE, nanos);
            Histogram total = LatencyCounts.newTotal();
            one.addTo(total, Operation.WRITE);
            long told = total.getValueAtPercentile(50);
            assertTrue(Math.abs(told - nanos) <= nanos / 16, nanos + " ns is told as " + told + ", seed " + seed);
        }
    }

    @Test
    void whatCannotBeIsStillCounted() {
        for (long nanos : new long[] {Long.MIN_VALUE, -1, 0, 1, LatencyCounts.MAX_NANOS, Long.MAX_VALUE}) {
            counts.record(Operation.READ, nanos);
        }
        Histogram total = total(Operation.READ);
        assertEquals(6, total.getTotalCount());
        assertEquals(2, total.getCountBetweenValues(LatencyCounts.MAX_NANOS, LatencyCounts.MAX_NANOS));
        assertNear(LatencyCounts.MAX_NANOS, total.getMaxValue());
    }

    @Test
    void severalRingsAddUp() {
        LatencyCounts other = new LatencyCounts();
        counts.record(Operation.READ, 10 * MICROSECOND);
        other.record(Operation.READ, 30 * MICROSECOND);
        Histogram total = total(Operation.READ);
        other.addTo(total, Operation.READ);
        assertEquals(2, total.getTotalCount());
        assertNear(10 * MICROSECOND, total.getMinValue());
        assertNear(30 * MICROSECOND, total.getMaxValue());
    }

    @Test
    void aReaderDisturbsNeitherTheWriterNorTheCounts() throws Exception {
        int requests = 2_000_000;
        AtomicBoolean done = new AtomicBoolean();
        Thread writer = new Thread(() -> {
            for (int i = 0; i < requests; i++) {
                counts.record(Operation.READ, i);
            }
            done.set(true);
        });
        writer.start();
        long before = 0;
        while (!done.get()) {
            long now = total(Operation.READ).getTotalCount();
            assertTrue(now >= before && now <= requests, before + " then " + now);
            before = now;
        }
        writer.join();
        assertEquals(requests, total(Operation.READ).getTotalCount());
    }

    @Test
    void allocatesNothing() {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        recordMany();
        long before = threads.getThreadAllocatedBytes(Thread.currentThread().getId());
        recordMany();
        long spent = threads.getThreadAllocatedBytes(Thread.currentThread().getId()) - before;
        assertTrue(spent < 16 * 1024, spent + " bytes for 400000 requests");
    }

    @Test
    void eightRingsOfAnIdleDiskStayFarBelowItsBudget() {
        assertTrue(8 * counts.footprintBytes() < 128 * 1024, counts.footprintBytes() + " bytes a ring");
    }

    private void recordMany() {
        for (int i = 0; i < 100_000; i++) {
            for (Operation operation : OPERATIONS) {
                counts.record(operation, i * 997L);
            }
        }
    }

    private Histogram total(Operation operation) {
        Histogram total = LatencyCounts.newTotal();
        counts.addTo(total, operation);
        return total;
    }

    private static void assertNear(long expected, long told) {
        assertTrue(Math.abs(told - expected) <= expected / 8, "expected about " + expected + ", was " + told);
    }
}
