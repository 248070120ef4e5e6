// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine;

import java.util.function.Supplier;

/** A disk whose engines' owners, in tests, sleep in loops of a certain kind. */
public final class LoopedDisk implements Disk {

    private final Disk disk;
    private final Supplier<IoLoop> loops;

    public LoopedDisk(Disk disk, Supplier<IoLoop> loops) {
        this.disk = disk;
        this.loops = loops;
    }

    /** For one owner of engines of a disk, whatever kind of disk it is. */
    static IoLoop loopFor(Disk disk) {
        return disk instanceof LoopedDisk looped ? looped.loops.get() : new SleepingLoop();
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
