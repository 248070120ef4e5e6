// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.memory;

import java.util.Set;
import org.blkbackd.ioengine.Disk;
import org.blkbackd.ioengine.DiskException;
import org.blkbackd.ioengine.DiskInfo;
import org.blkbackd.ioengine.DiskProvider;
import org.blkbackd.ioengine.DiskSpec;
import org.blkbackd.ioengine.OpenMode;
import org.blkbackd.ioengine.Sizes;

/** Opens {@code memory:SIZE} and {@code null:SIZE}. Each open makes a new disk. */
public final class MemoryProvider implements DiskProvider {

    private static final String MEMORY = "memory";
    private static final String NULL = "null";

    @Override
    public Set<String> schemes() {
        return Set.of(MEMORY, NULL);
    }

    @Override
    public void check(DiskSpec spec, boolean readOnly) {
        size(spec);
    }

    /** Nobody else can have what is made here, so there is nothing to lock. */
    @Override
    public Disk open(DiskSpec spec, OpenMode mode) {
        long size = size(spec);
        if (spec.scheme().equals(NULL)) {
            return new NullDisk(size, mode.readOnly());
        }
        try {
            return new MemoryDisk(size, mode.readOnly());
        } catch (OutOfMemoryError e) {
            throw new DiskException(DiskException.Kind.IO,
                spec + ": the system does not give that much memory; choose a smaller size", e);
        }
    }

    @Override
    public void close() {
        // nothing is shared between the disks
    }

    private static long size(DiskSpec spec) {
        try {
            long bytes = Sizes.parse(spec.target());
            if (bytes == 0 || bytes % DiskInfo.SECTOR_SIZE != 0) {
                throw new IllegalArgumentException("a disk's size is a multiple of 512 bytes and not zero");
            }
            return bytes;
        } catch (IllegalArgumentException e) {
            throw new DiskException(DiskException.Kind.BAD_SPEC, spec + ": " + e.getMessage(), e);
        }
    }
}
