// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.sim;

import java.util.function.ToLongFunction;

/**
 * What the backend offers beside reads and writes, as blkfront reads it when the backend is connected, and only then
 * (xen-blkfront.c blkfront_gather_backend_features). What is absent, or no number, counts as 0.
 *
 * @param flush               {@code feature-flush-cache}
 * @param barrier             {@code feature-barrier}
 * @param discard             {@code feature-discard}
 * @param discardGranularity  {@code discard-granularity}, bytes
 * @param discardAlignment    {@code discard-alignment}, bytes
 * @param discardSecure       {@code discard-secure}
 * @param maxIndirectSegments {@code feature-max-indirect-segments}
 */
public record OfferedFeatures(boolean flush, boolean barrier, boolean discard, long discardGranularity,
                              long discardAlignment, boolean discardSecure, int maxIndirectSegments) {

    /** {@code number} looks up a node of the backend's directory; details of a discard are read only with discard. */
    static OfferedFeatures read(ToLongFunction<String> number) {
        boolean discard = number.applyAsLong("feature-discard") != 0;
        return new OfferedFeatures(number.applyAsLong("feature-flush-cache") != 0,
            number.applyAsLong("feature-barrier") != 0, discard,
            discard ? number.applyAsLong("discard-granularity") : 0,
            discard ? number.applyAsLong("discard-alignment") : 0,
            discard && number.applyAsLong("discard-secure") != 0,
            (int) Math.min(Integer.MAX_VALUE, number.applyAsLong("feature-max-indirect-segments")));
    }
}
