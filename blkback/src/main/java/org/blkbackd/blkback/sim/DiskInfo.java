// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.sim;

import org.blkbackd.blkback.blkif.Blkif;
import org.blkbackd.xenstore.XenstoreOps;

/**
 * What the backend says of the disk once it is connected. Absent features count as 0, as in blkfront.
 *
 * @param sectors            in units of 512 bytes
 * @param sectorSize         logical block size in bytes
 * @param physicalSectorSize in bytes; the logical one where the backend does not say
 * @param info               VDISK_* bits
 * @param flush              {@code feature-flush-cache}
 * @param barrier            {@code feature-barrier}
 * @param discard            {@code feature-discard}
 */
public record DiskInfo(long sectors, int sectorSize, int physicalSectorSize, int info, boolean flush, boolean barrier,
                       boolean discard) {

    /** Reads a backend's directory; an absent or senseless number is a {@link FrontendException}. */
    static DiskInfo read(XenstoreOps store, String backend) {
        int sectorSize = (int) number(store, backend + "/sector-size", -1);
        return new DiskInfo(number(store, backend + "/sectors", -1), sectorSize,
            (int) number(store, backend + "/physical-sector-size", sectorSize),
            (int) number(store, backend + "/info", -1), number(store, backend + "/feature-flush-cache", 0) != 0,
            number(store, backend + "/feature-barrier", 0) != 0, number(store, backend + "/feature-discard", 0) != 0);
    }

    private static long number(XenstoreOps store, String path, long absent) {
        String text = store.readOrNull(path);
        try {
            long value = text == null ? absent : Long.parseLong(text);
            if (value >= 0) {
                return value;
            }
        } catch (NumberFormatException e) {
            throw new FrontendException(path + " is \"" + text + "\"", e);
        }
        throw new FrontendException(path + " is " + (text == null ? "absent" : text));
    }

    /** The backend calls the disk read-only. */
    public boolean isReadOnly() {
        return (info & Blkif.VDISK_READONLY) != 0;
    }
}
