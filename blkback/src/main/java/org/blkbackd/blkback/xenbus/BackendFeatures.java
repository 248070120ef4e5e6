// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.xenbus;

import java.util.Map;
import java.util.TreeMap;

/**
 * What we advertise. Everything is written out, also where the default would do: xen-blkback may have written its own
 * values before the hot-plug script took the device away from it.
 */
final class BackendFeatures {

    private static final Map<String, String> NODES = new TreeMap<>(Map.of(
        "feature-flush-cache", "1",
        "feature-barrier", "0",
        "feature-discard", "0",
        // A frontend that sees 1 copies every byte once more; with grant copy that buys nothing.
        "feature-persistent", "0",
        "feature-max-indirect-segments", "0",
        "max-ring-page-order", "0",
        "multi-queue-max-queues", "1"));

    private BackendFeatures() {
    }

    /** Node names and values. */
    static Map<String, String> nodes() {
        return NODES;
    }
}
