// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.control;

import java.util.ArrayList;
import java.util.List;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.HistogramIterationValue;

/** Turns recorded histograms into what the wire carries. Apart from {@link Latency}, which the client starts with. */
public final class Histograms {

    private Histograms() {
    }

    /** Every time that was seen, as the highest one that is not told from it. */
    public static Latency latency(Histogram histogram) {
        List<List<Long>> buckets = new ArrayList<>();
        for (HistogramIterationValue value : histogram.recordedValues()) {
            buckets.add(List.of(value.getValueIteratedTo(), value.getCountAtValueIteratedTo()));
        }
        return Latency.ofBuckets(List.copyOf(buckets));
    }
}
