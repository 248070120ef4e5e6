// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.demo;

import com.typesafe.config.ConfigRenderOptions;
import com.typesafe.config.ConfigValueFactory;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What one engine did.
 *
 * @param requests   data requests answered OKAY
 * @param bytes      their bytes
 * @param flushes    flush requests answered OKAY
 * @param mismatches blocks that did not hold what was last written, through the ring or in the image afterwards, and
 *                   requests that were answered with an error
 * @param seconds    from the first request to the last answer
 * @param p50Us      median latency, microseconds
 * @param p99Us      99th percentile, microseconds
 */
record DemoResult(String engine, long requests, long bytes, long flushes, long mismatches, double seconds, double p50Us,
                  double p99Us) {

    private static final String ROW = "%-10s %10s %10s %10s %10s %10s %8s %11s%n";

    double iops() {
        return requests / seconds;
    }

    double megabytesPerSecond() {
        return bytes / seconds / 1_000_000;
    }

    /** One JSON object on one line. */
    String json() {
        Map<String, Object> fields = Map.of("engine", engine, "requests", requests, "bytes", bytes, "flushes", flushes,
            "mismatches", mismatches, "iops", Math.round(iops()), "mbps", tenths(megabytesPerSecond()),
            "p50_us", tenths(p50Us), "p99_us", tenths(p99Us));
        return ConfigValueFactory.fromMap(fields).render(ConfigRenderOptions.concise());
    }

    /** A table for people. */
    static String table(List<DemoResult> results) {
        StringBuilder text = new StringBuilder(String.format(Locale.ROOT, ROW, "engine", "requests", "IOPS", "MB/s",
            "p50 us", "p99 us", "flushes", "mismatches"));
        for (DemoResult r : results) {
            text.append(String.format(Locale.ROOT, ROW, r.engine, r.requests, Math.round(r.iops()),
                tenths(r.megabytesPerSecond()), tenths(r.p50Us), tenths(r.p99Us), r.flushes, r.mismatches));
        }
        return text.toString();
    }

    private static double tenths(double value) {
        return Math.round(value * 10) / 10.0;
    }
}
