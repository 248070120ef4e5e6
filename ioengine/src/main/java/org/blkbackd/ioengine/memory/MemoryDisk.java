// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.memory;

import java.util.Arrays;
import org.blkbackd.ioengine.Disk;
import org.blkbackd.ioengine.DiskException;
import org.blkbackd.ioengine.DiskInfo;
import org.blkbackd.ioengine.IoEngine;
import org.blkbackd.ioengine.IoLoop;
import org.blkbackd.ioengine.IoMemory;
import org.blkbackd.ioengine.IoRequest;
import org.blkbackd.ioengine.LibC;
import org.blkbackd.ioengine.Measured;
import org.blkbackd.ioengine.OpenEngines;
import org.blkbackd.ioengine.ScatterCopy;

/** A disk in memory: zeros when opened, gone when closed. Takes memory only for what was written. */
public final class MemoryDisk implements Disk {

    private static final int PAGE_SIZE = 4096;
    private static final int MADV_DONTNEED = 4;

    /** What one growth added; never moves, so requests in flight need not be waited for. */
    private record Extent(long start, IoMemory memory) {
        long end() {
            return start + memory.lengthBytes();
        }
    }

    private volatile DiskInfo info;
    /** In order, without gaps; written before {@link #info} says that there is more. */
    private volatile Extent[] extents;
    private final OpenEngines engines = new OpenEngines();

    /** @param sizeBytes a multiple of 512 */
    public MemoryDisk(long sizeBytes, boolean readOnly) {
        info = new DiskInfo(sizeBytes, DiskInfo.SECTOR_SIZE, PAGE_SIZE, readOnly, true, true, PAGE_SIZE, 0, false);
        extents = new Extent[] {new Extent(0, IoMemory.allocate(sizeBytes))};
    }

    @Override
    public DiskInfo info() {
        return info;
    }

    @Override
    public IoEngine newEngine(int depth, IoLoop loop) {
        engines.opened(depth);
        return new InstantEngine(this, depth, loop, this::perform, engines::closed);
    }

    @Override
    public Measured remeasure() {
        engines.requireOpen();
        DiskInfo now = info;
        return new Measured(now, now.sizeBytes());
    }

    @Override
    public synchronized Measured grow(long sizeBytes) {
        engines.requireOpen();
        info.requireGrowth("memory disk", sizeBytes);
        long before = info.sizeBytes();
        if (sizeBytes > before) {
            Extent[] more = Arrays.copyOf(extents, extents.length + 1);
            more[extents.length] = new Extent(before, allocate(sizeBytes - before));
            extents = more;
            info = info.withSize(sizeBytes);
        }
        return remeasure();
    }

    @Override
    public synchronized void close() {
        if (engines.closeDisk()) {
            for (Extent extent : extents) {
                extent.memory.close();
            }
        }
    }

    private static IoMemory allocate(long bytes) {
        try {
            return IoMemory.allocate(bytes);
        } catch (OutOfMemoryError e) {
            throw new DiskException(DiskException.Kind.IO, "memory disk: the system does not give " + bytes
                + " bytes more; choose a smaller size", e);
        }
    }

    private long perform(IoRequest request) {
        long offset = request.offsetBytes();
        long end = offset + request.lengthBytes();
        for (Extent extent : extents) {
            long from = Math.max(offset, extent.start);
            long to = Math.min(end, extent.end());
            if (from < to) {
                perform(request, from - offset, extent.memory.address() + from - extent.start, to - from);
            }
        }
        return 0;
    }

    private static void perform(IoRequest request, long done, long address, long bytes) {
        switch (request.operation()) {
            case READ -> ScatterCopy.scatter(request, done, address, bytes);
            case WRITE -> ScatterCopy.gather(request, done, address, bytes);
            case DISCARD -> discard(address, address + bytes);
            default -> { }
        }
    }

    /** Gives whole pages back; they read as zeros. */
    private static void discard(long from, long to) {
        long first = (from + PAGE_SIZE - 1) & -PAGE_SIZE;
        long last = to & -PAGE_SIZE;
        if (first < last) {
            LibC.madvise(first, last - first, MADV_DONTNEED);
        }
    }
}
