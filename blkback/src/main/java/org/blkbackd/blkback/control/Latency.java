// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.control;

import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;

/**
 * A histogram of times in nanoseconds, as pairs of a time and how often it was seen: times rise, counts are above zero.
 * The percentiles follow from the pairs; they are part of it so that scripts need not compute them.
 *
 * @param count     requests
 * @param meanNanos arithmetic mean
 * @param p50Nanos  half of the requests took no longer; 0 where there were none
 * @param p99Nanos  99 of 100 took no longer
 * @param maxNanos  none took longer
 * @param buckets   pairs of time and count
 */
public record Latency(long count, long meanNanos, long p50Nanos, long p99Nanos, long maxNanos,
                      List<List<Long>> buckets) {

    /** No requests. */
    public static final Latency NONE = ofBuckets(List.of());

    /** The histogram that {@code buckets} make. */
    public static Latency ofBuckets(List<List<Long>> buckets) {
        long count = 0;
        double sum = 0;
        for (List<Long> bucket : buckets) {
            count += bucket.get(1);
            sum += (double) bucket.get(0) * bucket.get(1);
        }
        long max = buckets.isEmpty() ? 0 : buckets.get(buckets.size() - 1).get(0);
        return new Latency(count, count == 0 ? 0 : Math.round(sum / count), percentile(buckets, count, 0.5),
            percentile(buckets, count, 0.99), max, buckets);
    }

    /** What was added since {@code earlier}; all of it when {@code earlier} is not an earlier state of this. */
    public Latency since(Latency earlier) {
        TreeMap<Long, Long> left = new TreeMap<>();
        buckets.forEach(bucket -> left.merge(bucket.get(0), bucket.get(1), Long::sum));
        earlier.buckets.forEach(bucket -> left.merge(bucket.get(0), -bucket.get(1), Long::sum));
        if (left.values().stream().anyMatch(seen -> seen < 0)) {
            return this;
        }
        List<List<Long>> added = new ArrayList<>();
        left.forEach((time, seen) -> {
            if (seen > 0) {
                added.add(List.of(time, seen));
            }
        });
        return ofBuckets(added);
    }

    /** All requests of both. */
    public Latency plus(Latency other) {
        TreeMap<Long, Long> sum = new TreeMap<>();
        buckets.forEach(bucket -> sum.merge(bucket.get(0), bucket.get(1), Long::sum));
        other.buckets.forEach(bucket -> sum.merge(bucket.get(0), bucket.get(1), Long::sum));
        List<List<Long>> both = new ArrayList<>();
        sum.forEach((time, seen) -> both.add(List.of(time, seen)));
        return ofBuckets(both);
    }

    private static long percentile(List<List<Long>> buckets, long count, double share) {
        long left = (long) Math.ceil(count * share);
        for (List<Long> bucket : buckets) {
            left -= bucket.get(1);
            if (left <= 0) {
                return bucket.get(0);
            }
        }
        return 0;
    }
}
