// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine;

import java.util.function.Supplier;
import org.blkbackd.ioengine.sim.WrappingDisk;

/** A disk whose engines' owners, in tests, sleep in loops of a certain kind. */
public final class LoopedDisk extends WrappingDisk {

    private final Supplier<IoLoop> loops;

    public LoopedDisk(Disk disk, Supplier<IoLoop> loops) {
        super(disk);
        this.loops = loops;
    }

    /** For one owner of engines of a disk, whatever kind of disk it is. */
    static IoLoop loopFor(Disk disk) {
        return disk instanceof LoopedDisk looped ? looped.loops.get() : new SleepingLoop();
    }
}
