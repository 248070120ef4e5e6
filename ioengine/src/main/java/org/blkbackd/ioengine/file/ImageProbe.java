// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.file;

import java.nio.ByteBuffer;
import org.blkbackd.ioengine.DiskInfo;
import org.blkbackd.ioengine.Errno;
import org.blkbackd.ioengine.IoMemory;

/** Asks an open descriptor what it can do. Changes nothing on the image. Used by one thread. */
final class ImageProbe implements AutoCloseable {

    static final int PAGE_SIZE = 4096;
    static final int MAX_ALIGNMENT = 65536;
    /** Leaves room for rounding up; no storage is that large. */
    private static final long MAX_SIZE = 1L << 62;
    private static final int BUFFER_AT = PAGE_SIZE;
    private static final long MEGABYTE = 1 << 20;

    private final FileIo io;
    private final IoMemory memory = IoMemory.allocate(BUFFER_AT + MAX_ALIGNMENT);
    private final ByteBuffer scratch = memory.buffer(0, PAGE_SIZE);
    private int error;

    ImageProbe(FileIo io) {
        this.io = io;
    }

    /** Status of a path, or null with {@link #error} set. */
    FileStatus status(String path) {
        return parsed(io.stat(path, memory.address()));
    }

    /** Status of a descriptor, or null with {@link #error} set. */
    FileStatus status(int fd) {
        return parsed(io.stat(fd, memory.address()));
    }

    /** Where a path leads, or null with {@link #error} set. */
    FileLocation location(String path) {
        error = -io.stat(path, memory.address());
        return error > 0 ? null : FileLocation.parse(scratch);
    }

    /** Errno of the last status or location that was null. */
    int error() {
        return error;
    }

    private FileStatus parsed(int result) {
        error = -result;
        return result < 0 ? null : FileStatus.parse(scratch);
    }

    /** Size of a file or device in whole sectors; a negative errno on failure. */
    long sizeBytes(int fd, FileStatus status) {
        long size = status.sizeBytes();
        if (status.isBlockDevice()) {
            scratch.putLong(0, 0);
            int result = io.ioctl(fd, Linux.BLKGETSIZE64, memory.address());
            if (result < 0) {
                return result;
            }
            size = scratch.getLong(0);
        }
        return Math.min(size, MAX_SIZE) & -DiskInfo.SECTOR_SIZE;
    }

    /** An int that a block device's ioctl tells, or a default where it does not. */
    int deviceInt(int fd, long request, int otherwise) {
        scratch.putInt(0, otherwise);
        return io.ioctl(fd, request, memory.address()) < 0 ? otherwise : scratch.getInt(0);
    }

    /**
     * The smallest unit at which an O_DIRECT read at offset 0 is not refused, from a first guess on; 0 when none is.
     * Any other error than EINVAL says nothing about alignment: the first sector may be a bad one.
     */
    int directAlignment(int fd, int guess) {
        for (int unit = guess; unit <= MAX_ALIGNMENT; unit *= 2) {
            scratch.putLong(0, memory.address() + BUFFER_AT);
            scratch.putLong(8, unit);
            if (io.read(fd, memory.address(), 1, 0) != -Errno.EINVAL) {
                return unit;
            }
        }
        return 0;
    }

    /**
     * Whether there is data at offset 0: a hole is read as zeros, and no alignment is refused (iomap_dio_iter), so it
     * says nothing about the storage.
     */
    boolean beginsWithData(int fd) {
        return io.seek(fd, 0, Linux.SEEK_DATA) == 0;
    }

    /**
     * Whether I/O on a descriptor can be begun without waiting for it; io_uring moves the I/O of others to threads of
     * the kernel's, where it is slower than in ours. Of tmpfs and FUSE, for instance, it cannot. Asked where there is
     * nothing, so that nothing is read ahead into the page cache.
     *
     * @param unit what may be read at once
     */
    boolean beginsWithoutWaiting(int fd, long sizeBytes, int unit) {
        scratch.putLong(0, memory.address() + BUFFER_AT);
        scratch.putLong(8, unit);
        long result = io.readNoWait(fd, memory.address(), 1, beyond(sizeBytes));
        return result >= 0 || result == -Errno.EAGAIN;
    }

    /** Tries to punch a hole where there is nothing: well beyond the end, without changing the size. */
    boolean punchesHoles(int fd, long sizeBytes) {
        return io.punchHole(fd, beyond(sizeBytes), MEGABYTE) == 0;
    }

    private static long beyond(long sizeBytes) {
        return (sizeBytes / MEGABYTE + 2) * MEGABYTE;
    }

    /**
     * Whether a block device erases securely; sysfs does not say. The ioctl is asked with an offset that is no sector:
     * a device that cannot do it at all answers EOPNOTSUPP before anything else (blk_ioctl_secure_erase), one that can
     * answers EINVAL and erases nothing. Kernels before 5.19 check the offset first, so there the answer is no.
     */
    boolean erasesSecurely(int fd, String kernelRelease) {
        scratch.putLong(0, 1).putLong(8, DiskInfo.SECTOR_SIZE);
        return Linux.isAtLeast(kernelRelease, 5, 19)
            && io.ioctl(fd, Linux.BLKSECDISCARD, memory.address()) == -Errno.EINVAL;
    }

    @Override
    public void close() {
        memory.close();
    }
}
