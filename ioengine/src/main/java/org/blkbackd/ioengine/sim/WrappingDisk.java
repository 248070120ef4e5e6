// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.sim;

import org.blkbackd.ioengine.Disk;
import org.blkbackd.ioengine.DiskInfo;
import org.blkbackd.ioengine.IoEngine;
import org.blkbackd.ioengine.IoLoop;
import org.blkbackd.ioengine.Measured;

/** A disk that is another one, but for what a subclass makes of it. Closing it closes the disk. */
public abstract class WrappingDisk implements Disk {

    private final Disk disk;

    protected WrappingDisk(Disk disk) {
        this.disk = disk;
    }

    /** The one below. */
    protected final Disk disk() {
        return disk;
    }

    @Override
    public DiskInfo info() {
        return disk.info();
    }

    @Override
    public String warning() {
        return disk.warning();
    }

    @Override
    public IoEngine newEngine(int depth, IoLoop loop) {
        return disk.newEngine(depth, loop);
    }

    @Override
    public Measured remeasure() {
        return disk.remeasure();
    }

    @Override
    public Measured grow(long sizeBytes) {
        return disk.grow(sizeBytes);
    }

    @Override
    public void close() {
        disk.close();
    }
}
