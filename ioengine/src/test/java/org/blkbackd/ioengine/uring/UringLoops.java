// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.uring;

import static org.junit.jupiter.api.Assumptions.abort;

import org.blkbackd.ioengine.Disk;
import org.blkbackd.ioengine.IoEngine;
import org.blkbackd.ioengine.IoLoop;
import org.blkbackd.ioengine.LoopedDisk;
import org.blkbackd.ioengine.SleepingLoop;

/** Loops on io_uring for tests, which are skipped where there is none. */
public final class UringLoops {

    private UringLoops() {
    }

    public static UringLoop open() {
        return open(256, 16384, 0);
    }

    static UringLoop open(int sqEntries, int cqEntries, int firstFlags) {
        try {
            return UringLoop.open(sqEntries, cqEntries, firstFlags);
        } catch (UringUnavailableException e) {
            return abort("needs io_uring: " + e.getMessage());
        }
    }

    /** The same disk, with owners that sleep in such loops. Skips the test where its image would not use them. */
    public static Disk of(Disk disk) {
        Class<?> portable = engineClass(disk, new SleepingLoop());
        try (IoLoop loop = open()) {
            if (engineClass(disk, loop) == portable) {
                abort("the image's file system cannot do without threads (no NOWAIT); build on ext4 or XFS");
            }
        } catch (RuntimeException e) {
            disk.close();
            throw e;
        }
        return new LoopedDisk(disk, UringLoops::open);
    }

    private static Class<?> engineClass(Disk disk, IoLoop loop) {
        try (IoEngine engine = disk.newEngine(1, loop)) {
            return engine.getClass();
        }
    }
}
