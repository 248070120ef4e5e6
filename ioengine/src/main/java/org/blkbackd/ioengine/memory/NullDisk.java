// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.memory;

import org.blkbackd.ioengine.Disk;
import org.blkbackd.ioengine.DiskInfo;
import org.blkbackd.ioengine.IoEngine;
import org.blkbackd.ioengine.OpenEngines;
import org.blkbackd.ioengine.Wakeup;

/**
 * Completes everything at once and moves no data: what a benchmark measures on it is everything but storage. A read
 * leaves the caller's memory as it was, so it is nothing to give to a guest that is not trusted.
 */
public final class NullDisk implements Disk {

    private final DiskInfo info;
    private final OpenEngines engines = new OpenEngines();

    /** @param sizeBytes a multiple of 512 */
    public NullDisk(long sizeBytes, boolean readOnly) {
        info = new DiskInfo(sizeBytes, DiskInfo.SECTOR_SIZE, DiskInfo.SECTOR_SIZE, readOnly, true, true,
            DiskInfo.SECTOR_SIZE);
    }

    @Override
    public DiskInfo info() {
        return info;
    }

    @Override
    public IoEngine newEngine(int depth, Wakeup wakeup) {
        engines.opened(depth);
        return new InstantEngine(info, depth, wakeup, request -> 0, engines::closed);
    }

    @Override
    public void close() {
        engines.closeDisk();
    }
}
