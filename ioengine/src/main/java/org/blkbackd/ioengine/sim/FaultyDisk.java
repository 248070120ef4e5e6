// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.sim;

import org.blkbackd.ioengine.Disk;
import org.blkbackd.ioengine.DiskInfo;
import org.blkbackd.ioengine.IoEngine;
import org.blkbackd.ioengine.IoLoop;
import org.blkbackd.ioengine.Measured;

/** A disk whose requests fail, wait or overtake each other as its {@link #faults} say. */
public final class FaultyDisk implements Disk {

    private final Disk disk;
    private final DiskFaults faults = new DiskFaults();

    private FaultyDisk(Disk disk) {
        this.disk = disk;
    }

    /** Nothing goes wrong until its faults are told to. Closing it closes the disk. */
    public static FaultyDisk wrap(Disk disk) {
        return new FaultyDisk(disk);
    }

    /** The controls. */
    public DiskFaults faults() {
        return faults;
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
        return new FaultyEngine(disk.newEngine(depth, loop), faults, depth, loop);
    }

    @Override
    public Measured remeasure() {
        return faults.measured(disk::remeasure);
    }

    @Override
    public Measured grow(long sizeBytes) {
        return faults.measured(() -> disk.grow(sizeBytes));
    }

    @Override
    public void close() {
        disk.close();
    }
}
