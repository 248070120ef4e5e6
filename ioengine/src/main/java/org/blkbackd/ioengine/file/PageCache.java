// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.file;

import com.sun.jna.Pointer;
import java.util.Set;
import org.blkbackd.ioengine.DiskException;
import org.blkbackd.ioengine.DiskSpec;
import org.blkbackd.ioengine.Errno;
import org.blkbackd.ioengine.IoMemory;

/**
 * This kernel's copy of one open image, which is old when another host wrote to the image since. Used by one thread.
 *
 * <p>What programs of this host wrote and the kernel still holds back is written first. It will be written anyway; now
 * no guest works on the image yet, later it would land on what the guest wrote.
 *
 * <p>A page stays when somebody maps it, locks it in memory, is reading it just now, or makes it dirty again. Whether
 * its bytes are old cannot be seen, so any page counts.
 */
final class PageCache {

    /** Address space that mincore(2) looks at in one call; a byte for each of its pages comes back. */
    static final long WINDOW_BYTES = 1 << 30;
    private static final int VECTOR_BYTES = (int) (WINDOW_BYTES / ImageProbe.PAGE_SIZE);
    /** How long to go on with pages that stay. Somebody who only reads a page lets go of it. */
    private static final long PATIENCE_MS = 200;
    /** RAM disks take BLKFLSBUF for an order to forget what they hold (admin-guide/blockdev/ramdisk). */
    private static final String RAM_DISKS = "1:";

    /**
     * Types in statfs(2) of file systems that one kernel has at a time, so its pages are never old, and on tmpfs they
     * are the file: ext2 to ext4, XFS, btrfs, F2FS, tmpfs, ramfs (linux/magic.h).
     */
    private static final Set<Long> LOCAL = Set.of(0xef53L, 0x58465342L, 0x9123683eL, 0xf2f52010L, 0x01021994L,
        0x858458f6L);

    private final FileIo io;
    private final DiskSpec spec;
    private final int fd;
    private final FileStatus status;

    PageCache(FileIo io, DiskSpec spec, int fd, FileStatus status) {
        this.io = io;
        this.spec = spec;
        this.fd = fd;
        this.status = status;
    }

    /**
     * Writes back what is dirty and drops what nobody holds.
     *
     * @throws DiskException when what a program wrote cannot be written: it would be lost without a word
     */
    void drop() {
        int error;
        do {
            error = io.sync(fd);
        } while (error == -Errno.EINTR);
        // what has no way to sync has nothing to write, nor has what is read-only
        if (error != 0 && error != -Errno.EINVAL && error != -Errno.EROFS) {
            throw Faults.notWrittenBack(spec, error);
        }
        if (status.isBlockDevice() && !status.deviceNumber().startsWith(RAM_DISKS)) {
            // only for CAP_SYS_ADMIN; it also drops what the kernel's own users of the device have read
            io.ioctl(fd, Linux.BLKFLSBUF, 0);
        }
        io.dropCache(fd, 0);
    }

    /**
     * Goes on dropping until nothing is left of the bytes from {@code from} to {@code size}.
     *
     * @throws DiskException of kind IN_USE when something stays
     */
    void requireDropped(long from, long size, boolean readOnly) {
        if (!isShared()) {
            return;
        }
        Patience patience = new Patience(PATIENCE_MS);
        long left = residentBytes(from, size);
        while (left > 0 && patience.pause()) {
            drop();
            left = residentBytes(from, size);
        }
        if (left > 0) {
            throw Faults.stale(spec, left);
        }
        // the kernel does not tell about files that one may not write; who may not write serves what nobody writes
        if (left < 0 && !readOnly) {
            throw Faults.notCounted(spec, left);
        }
    }

    /** Whether another host may have the same image. */
    private boolean isShared() {
        try (IoMemory memory = IoMemory.allocate(Linux.STATFS_BYTES)) {
            return status.isBlockDevice() || io.fileSystem(fd, memory.address()) < 0
                || !LOCAL.contains(new Pointer(memory.address()).getLong(0));
        }
    }

    /** Bytes in whole pages that are in memory, or a negative errno. */
    long residentBytes(long from, long size) {
        try (IoMemory memory = IoMemory.allocate(Linux.CACHESTAT_RANGE_BYTES + Linux.CACHESTAT_BYTES)) {
            Pointer range = new Pointer(memory.address());
            range.setLong(0, from);
            int result = io.cacheStat(fd, memory.address(), memory.address() + Linux.CACHESTAT_RANGE_BYTES);
            return result == 0 ? range.getLong(Linux.CACHESTAT_RANGE_BYTES) * ImageProbe.PAGE_SIZE
                : countByWindows(from, size);
        }
    }

    /** For kernels without cachestat(2). Windows that are one hole are skipped: it holds nothing that could be old. */
    private long countByWindows(long from, long size) {
        if (io.access("/proc/self/fd/" + fd, Linux.W_OK) < 0) {
            // mincore(2) would say of each page that it is there
            return -Errno.EPERM;
        }
        long pages = 0;
        try (IoMemory vector = IoMemory.allocate(VECTOR_BYTES)) {
            long at = nextData(from);
            while (at >= 0 && at < size) {
                long start = at / WINDOW_BYTES * WINDOW_BYTES;
                long end = Math.min(start + WINDOW_BYTES, size);
                long first = Math.max(start, from & -ImageProbe.MAX_ALIGNMENT);
                long found = countWindow(first, end - first, vector);
                if (found == -Errno.ENODEV) {
                    // what cannot be mapped is not in the page cache
                    return 0;
                }
                if (found < 0) {
                    return found;
                }
                pages += found;
                at = nextData(end);
            }
        }
        return pages * ImageProbe.PAGE_SIZE;
    }

    /** -ENXIO beyond the last data; the offset itself where holes are not told. */
    private long nextData(long offset) {
        long data = io.seek(fd, offset, Linux.SEEK_DATA);
        return data < 0 && data != -Errno.ENXIO ? offset : data;
    }

    private long countWindow(long offset, long length, IoMemory vector) {
        long address = io.map(fd, offset, length);
        if (address < 0) {
            return address;
        }
        try {
            int result = io.resident(address, length, vector.address());
            return result < 0 ? result : count(new Pointer(vector.address()).getByteArray(0,
                (int) ((length + ImageProbe.PAGE_SIZE - 1) / ImageProbe.PAGE_SIZE)));
        } finally {
            io.unmap(address, length);
        }
    }

    private static long count(byte[] pages) {
        long count = 0;
        for (byte page : pages) {
            count += page & 1;
        }
        return count;
    }
}
