// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.xenbus;

import java.util.Map;
import java.util.TreeMap;

/**
 * What the frontend is told of the opened disk, together with state 4.
 *
 * @param sectors            size in 512-byte units
 * @param sectorSize         the unit of requests, in bytes
 * @param physicalSectorSize bytes, a multiple of {@code sectorSize}
 * @param info               VDISK_* bits
 * @param discard            what can be discarded
 */
public record DiskProperties(long sectors, int sectorSize, int physicalSectorSize, int info, Discard discard) {

    /**
     * Discarding.
     *
     * @param granularity bytes; 0 when nothing can be discarded
     * @param alignment   bytes from the start of the disk to the first whole unit
     * @param secure      the data can be destroyed, too
     */
    public record Discard(int granularity, int alignment, boolean secure) {

        /** Nothing can be discarded. */
        public static final Discard NONE = new Discard(0, 0, false);

        /** Whether anything can be discarded. */
        public boolean possible() {
            return granularity > 0;
        }
    }

    /**
     * Node names and values. Everything is written out: the directory may hold what an earlier disk could do, or what
     * xen-blkback wrote before the hot-plug script took the device away from it.
     */
    Map<String, String> nodes() {
        Map<String, String> nodes = new TreeMap<>();
        nodes.put("sectors", Long.toString(sectors));
        nodes.put("sector-size", Integer.toString(sectorSize));
        nodes.put("physical-sector-size", Integer.toString(physicalSectorSize));
        nodes.put("info", Integer.toString(info));
        nodes.put("feature-discard", discard.possible() ? "1" : "0");
        nodes.put("discard-granularity", Integer.toString(discard.possible() ? discard.granularity() : sectorSize));
        nodes.put("discard-alignment", Integer.toString(discard.alignment()));
        nodes.put("discard-secure", discard.secure() ? "1" : "0");
        return nodes;
    }
}
