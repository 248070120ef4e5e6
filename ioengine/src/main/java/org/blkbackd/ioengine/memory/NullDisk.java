// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.memory;

import org.blkbackd.ioengine.Disk;
import org.blkbackd.ioengine.DiskInfo;
import org.blkbackd.ioengine.IoEngine;
import org.blkbackd.ioengine.IoLoop;
import org.blkbackd.ioengine.Measured;
import org.blkbackd.ioengine.OpenEngines;

/**
 * Completes everything at once and moves no data: what a benchmark measures on it is everything but storage. A read
 * leaves the caller's memory as it was, so it is nothing to give to a guest that is not trusted.
 */
public final class NullDisk implements Disk {

    private volatile DiskInfo info;
    private final OpenEngines engines = new OpenEngines();

    /** @param sizeBytes a multiple of 512 */
    public NullDisk(long sizeBytes, boolean readOnly) {
        info = new DiskInfo(sizeBytes, DiskInfo.SECTOR_SIZE, DiskInfo.SECTOR_SIZE, readOnly, true, true,
            DiskInfo.SECTOR_SIZE, 0, true);
    }

    @Override
    public DiskInfo info() {
        return info;
    }

    @Override
    public IoEngine newEngine(int depth, IoLoop loop) {
        engines.opened(depth);
        return new InstantEngine(this, depth, loop, request -> 0, engines::closed);
    }

    @Override
    public Measured remeasure() {
        engines.requireOpen();
        DiskInfo now = info;
        return new Measured(now, now.sizeBytes());
    }

    @Override
    public synchronized Measured grow(long sizeBytes) {
        info.requireGrowth("null disk", sizeBytes);
        info = info.withSize(sizeBytes);
        return remeasure();
    }

    @Override
    public void close() {
        engines.closeDisk();
    }
}
