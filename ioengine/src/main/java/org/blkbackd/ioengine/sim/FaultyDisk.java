// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.sim;

import org.blkbackd.ioengine.Disk;
import org.blkbackd.ioengine.IoEngine;
import org.blkbackd.ioengine.IoLoop;
import org.blkbackd.ioengine.Measured;

/** A disk whose requests fail, wait or overtake each other as its {@link #faults} say. */
public final class FaultyDisk extends WrappingDisk {

    private final DiskFaults faults = new DiskFaults();

    private FaultyDisk(Disk disk) {
        super(disk);
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
    public IoEngine newEngine(int depth, IoLoop loop) {
        return new FaultyEngine(super.newEngine(depth, loop), faults, depth, loop);
    }

    @Override
    public Measured remeasure() {
        return faults.measured(super::remeasure);
    }

    @Override
    public Measured grow(long sizeBytes) {
        return faults.measured(() -> super.grow(sizeBytes));
    }
}
