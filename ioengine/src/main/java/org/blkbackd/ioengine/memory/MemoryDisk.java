// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.memory;

import org.blkbackd.ioengine.Disk;
import org.blkbackd.ioengine.DiskInfo;
import org.blkbackd.ioengine.IoEngine;
import org.blkbackd.ioengine.IoMemory;
import org.blkbackd.ioengine.IoRequest;
import org.blkbackd.ioengine.LibC;
import org.blkbackd.ioengine.OpenEngines;
import org.blkbackd.ioengine.ScatterCopy;
import org.blkbackd.ioengine.Wakeup;

/** A disk in memory: zeros when opened, gone when closed. Takes memory only for what was written. */
public final class MemoryDisk implements Disk {

    private static final int PAGE_SIZE = 4096;
    private static final int MADV_DONTNEED = 4;

    private final DiskInfo info;
    private final IoMemory memory;
    private final OpenEngines engines = new OpenEngines();

    /** @param sizeBytes a multiple of 512 */
    public MemoryDisk(long sizeBytes, boolean readOnly) {
        info = new DiskInfo(sizeBytes, DiskInfo.SECTOR_SIZE, PAGE_SIZE, readOnly, true, true, PAGE_SIZE);
        memory = IoMemory.allocate(sizeBytes);
    }

    @Override
    public DiskInfo info() {
        return info;
    }

    @Override
    public IoEngine newEngine(int depth, Wakeup wakeup) {
        engines.opened(depth);
        return new InstantEngine(info, depth, wakeup, this::perform, engines::closed);
    }

    @Override
    public void close() {
        if (engines.closeDisk()) {
            memory.close();
        }
    }

    private long perform(IoRequest request) {
        long address = memory.address() + request.offsetBytes();
        switch (request.operation()) {
            case READ -> ScatterCopy.scatter(request, 0, address, request.lengthBytes());
            case WRITE -> ScatterCopy.gather(request, 0, address, request.lengthBytes());
            case DISCARD -> discard(address, address + request.lengthBytes());
            default -> { }
        }
        return 0;
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
