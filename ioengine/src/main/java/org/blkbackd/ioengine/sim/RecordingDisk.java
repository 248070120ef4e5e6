// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.sim;

import org.blkbackd.ioengine.Disk;
import org.blkbackd.ioengine.IoEngine;
import org.blkbackd.ioengine.IoLoop;

/** A disk that notes in its {@link #log} what is done to it, so that a power failure can be played at any point. */
public final class RecordingDisk extends WrappingDisk {

    private final boolean flushes;
    private final DiskLog log = new DiskLog();

    private RecordingDisk(Disk disk, boolean flushes) {
        super(disk);
        this.flushes = flushes;
    }

    /** Notes everything, beginning with a disk of zeros. Closing it closes the disk. */
    public static RecordingDisk wrap(Disk disk) {
        return new RecordingDisk(disk, true);
    }

    /** The same, but a flush is reported done and nothing else happens: what a test of durability must notice. */
    public static RecordingDisk withoutFlushes(Disk disk) {
        return new RecordingDisk(disk, false);
    }

    /** What was done so far. */
    public DiskLog log() {
        return log;
    }

    @Override
    public IoEngine newEngine(int depth, IoLoop loop) {
        return new RecordingEngine(disk(), log, flushes, depth, loop);
    }
}
