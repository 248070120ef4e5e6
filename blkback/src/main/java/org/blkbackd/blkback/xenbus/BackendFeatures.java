// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.xenbus;

import java.util.Map;
import java.util.TreeMap;
import org.blkbackd.blkback.blkif.Blkif;

/**
 * What we advertise before the disk is opened. Everything is written out, also where the default would do: xen-blkback
 * may have written its own values before the hot-plug script took the device away from it.
 */
final class BackendFeatures {

    private BackendFeatures() {
    }

    /** Node names and values. */
    static Map<String, String> nodes(RingLimits limits) {
        return new TreeMap<>(Map.of(
            "feature-flush-cache", "1",
            // A barrier is carried out all the same; advertised, it would only cost a frontend its flush.
            "feature-barrier", "0",
            "feature-discard", "0",
            // A frontend that sees 1 copies every byte once more; with grant copy that buys nothing.
            "feature-persistent", "0",
            "feature-max-indirect-segments", Integer.toString(Blkif.MAX_INDIRECT_SEGMENTS),
            "max-ring-page-order", Integer.toString(limits.pageOrder()),
            "multi-queue-max-queues", Integer.toString(limits.queues())));
    }
}
