// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Random;
import org.HdrHistogram.Histogram;
import org.blkbackd.blkback.ring.LatencyCounts;
import org.junit.jupiter.api.Test;

class LatencyTest {

    @Test
    void saysWhatTheHistogramSays() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        Histogram histogram = LatencyCounts.newTotal();
        for (int i = 0; i < 10_000; i++) {
            histogram.recordValue((long) (Math.exp(10 + 3 * random.nextGaussian()) % LatencyCounts.MAX_NANOS));
        }
        Latency latency = Histograms.latency(histogram);
        assertEquals(10_000, latency.count());
        assertEquals(histogram.getValueAtPercentile(50), latency.p50Nanos(), "seed " + seed);
        assertEquals(histogram.getValueAtPercentile(99), latency.p99Nanos(), "seed " + seed);
        assertEquals(histogram.getMaxValue(), latency.maxNanos(), "seed " + seed);
        assertTrue(Math.abs(latency.meanNanos() - histogram.getMean()) < histogram.getMean() / 8, "seed " + seed);
    }

    @Test
    void nothingIsAllZero() {
        assertEquals(new Latency(0, 0, 0, 0, 0, List.of()), Histograms.latency(LatencyCounts.newTotal()));
    }

    @Test
    void oneRequestIsEveryPercentile() {
        assertEquals(new Latency(1, 7, 7, 7, 7, List.of(List.of(7L, 1L))), Latency.ofBuckets(List.of(List.of(7L, 1L))));
    }

    @Test
    void aDifferenceIsWhatWasAdded() {
        Latency before = Latency.ofBuckets(List.of(List.of(10L, 5L), List.of(20L, 1L)));
        Latency after = Latency.ofBuckets(List.of(List.of(10L, 5L), List.of(20L, 4L), List.of(90L, 1L)));
        assertEquals(Latency.ofBuckets(List.of(List.of(20L, 3L), List.of(90L, 1L))), after.since(before));
        assertEquals(Latency.NONE, after.since(after));
        assertEquals(after, after.since(Latency.NONE));
        assertEquals(after, before.plus(after.since(before)));
    }

    @Test
    void countsThatWereStartedAfreshAreNotNegative() {
        Latency before = Latency.ofBuckets(List.of(List.of(10L, 50L)));
        Latency after = Latency.ofBuckets(List.of(List.of(10L, 2L)));
        assertEquals(after, after.since(before));
    }
}
