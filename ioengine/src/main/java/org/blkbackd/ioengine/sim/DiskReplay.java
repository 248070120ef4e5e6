// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.sim;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.blkbackd.ioengine.DiskInfo;

/** What is on a disk after a power failure that a {@link DiskLog} played. Owned by one thread. */
public final class DiskReplay {

    private static final byte[] ZEROS = new byte[DiskInfo.SECTOR_SIZE];

    private final Map<Long, byte[]> sectors = new HashMap<>();

    DiskReplay() {
    }

    /** A sector's content, by its number; zeros where nothing was ever written. */
    public byte[] sector(long number) {
        return sectors.getOrDefault(number, ZEROS).clone();
    }

    /** @param data null for a sector that is zero from now on */
    void put(long offset, byte[] data, int from) {
        long number = offset / DiskInfo.SECTOR_SIZE;
        if (data == null) {
            sectors.remove(number);
        } else {
            sectors.put(number, Arrays.copyOfRange(data, from, from + DiskInfo.SECTOR_SIZE));
        }
    }
}
