// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.file;

import org.blkbackd.ioengine.DiskException;
import org.blkbackd.ioengine.DiskInfo;
import org.blkbackd.ioengine.DiskSpec;
import org.blkbackd.ioengine.Errno;
import org.blkbackd.ioengine.OpenMode;
import org.blkbackd.ioengine.file.FileOptions.Caching;

/**
 * Opens one image, if need be at a second try. The path is resolved once, to an O_PATH descriptor, which neither blocks
 * on a FIFO nor wakes a device; what it is gets decided on that descriptor, and the descriptors for data are opened
 * through it. So nobody who swaps links meanwhile can make us open anything but what was checked.
 */
final class ImageOpener {

    private final FileIo io;
    private final ImageProbe probe;
    private final DiskSpec spec;
    private final boolean readOnly;
    private final boolean exclusive;
    private final boolean fresh;
    private final int forcedAlignment;
    private String warning = "";
    private boolean locked;

    ImageOpener(FileIo io, ImageProbe probe, DiskSpec spec, OpenMode mode, int forcedAlignment) {
        this.io = io;
        this.probe = probe;
        this.spec = spec;
        this.readOnly = mode.readOnly();
        this.exclusive = mode.exclusive();
        this.fresh = mode.fresh();
        this.forcedAlignment = forcedAlignment;
    }

    /**
     * @param ioThreads that may come; each has a slot for locks, and so has {@link ImageGrowth}
     * @throws DiskException of kind IN_USE when another holds the image; no descriptor is left then
     */
    Image open(Caching caching, int ioThreads) {
        int pathFd = io.open(spec.target(), Linux.O_PATH);
        if (pathFd < 0) {
            throw fault(pathFd);
        }
        try {
            FileStatus status = probe.status(pathFd);
            if (status == null) {
                throw fault(probe.error());
            }
            if (!status.isRegularFile() && !status.isBlockDevice()) {
                throw Faults.wrongType(spec, status);
            }
            return open(pathFd, status, caching, ioThreads);
        } finally {
            io.close(pathFd);
        }
    }

    private Image open(int pathFd, FileStatus status, Caching caching, int ioThreads) {
        if (caching != Caching.BUFFERED) {
            Image image = openDirect(pathFd, status, ioThreads);
            if (image != null) {
                return image;
            }
            if (caching == Caching.DIRECT) {
                throw Faults.noDirect(spec);
            }
        }
        int fd = reopen(pathFd, 0);
        if (fd < 0) {
            throw fault(fd);
        }
        try {
            lock(fd);
            dropCache(fd, status);
            return image(fd, pathFd, 0, ioThreads);
        } catch (RuntimeException | Error e) {
            io.close(fd);
            throw e;
        }
    }

    /** Null when O_DIRECT does not work on this image. */
    private Image openDirect(int pathFd, FileStatus status, int ioThreads) {
        if (status.directKnown() && status.offsetAlignment() == 0) {
            return null;
        }
        int fd = reopen(pathFd, Linux.O_DIRECT);
        if (fd == -Errno.EINVAL || fd == -Errno.EOPNOTSUPP) {
            return null;
        }
        if (fd < 0) {
            throw fault(fd);
        }
        try {
            lock(fd);
            dropCache(fd, status);
            int alignment = directAlignment(fd, status);
            if (alignment > 0 && status.memoryAlignment() <= ImageProbe.PAGE_SIZE) {
                return image(fd, pathFd, alignment, ioThreads);
            }
        } catch (RuntimeException | Error e) {
            io.close(fd);
            throw e;
        }
        io.close(fd);
        return null;
    }

    private int reopen(int pathFd, int flags) {
        return io.open("/proc/self/fd/" + pathFd, flags | (readOnly ? Linux.O_RDONLY : Linux.O_RDWR));
    }

    private int directAlignment(int fd, FileStatus status) {
        if (forcedAlignment != 0) {
            return forcedAlignment;
        }
        return probe.directAlignment(fd, powerOfTwo(leastAlignment(fd, status)));
    }

    /** More than the storage needs is slower, less is refused. */
    private int leastAlignment(int fd, FileStatus status) {
        if (status.isBlockDevice()) {
            return probe.deviceInt(fd, Linux.BLKSSZGET, DiskInfo.SECTOR_SIZE);
        }
        return status.directKnown() || probe.beginsWithData(fd) ? status.offsetAlignment() : ImageProbe.PAGE_SIZE;
    }

    /** @param alignment of O_DIRECT, or 0 for the page cache */
    private Image image(int fd, int pathFd, int alignment, int ioThreads) {
        // who held the image until now may have changed its size
        FileStatus status = probe.status(fd);
        if (status == null) {
            throw fault(probe.error());
        }
        long size = probe.sizeBytes(fd, status);
        if (size < 0) {
            throw fault(size);
        }
        if (size == 0) {
            throw Faults.empty(spec, status.sizeBytes());
        }
        if (status.isBlockDevice() && !readOnly && probe.deviceInt(fd, Linux.BLKROGET, 0) != 0) {
            throw Faults.denied(spec, false, "BLKROGET");
        }
        DiskInfo info = status.isBlockDevice() ? deviceInfo(fd, status, size, alignment)
            : fileInfo(fd, status, size, alignment);
        Layout layout = layout(status, info, alignment);
        if (fresh && exclusive && (alignment == 0 || layout.hasTail())) {
            // what is served through the page cache; if others may write at any time, its pages are theirs as well
            new PageCache(io, spec, fd, status).requireDropped(alignment == 0 ? 0 : layout.tailStart(), size, readOnly);
        }
        int tailFd = layout.hasTail() ? openTail(pathFd, layout.tailStart()) : -1;
        return new Image(spec.target(), fd, tailFd, info, layout,
            probe.beginsWithoutWaiting(fd, size, info.logicalSectorSize()),
            layout.modifies() ? new RangeLocks(ioThreads + 1) : null, warning);
    }

    /** Before anything is read or tried on the image. */
    private void lock(int fd) {
        locked = false;
        int error = exclusive ? ImageLock.acquire(io, fd, readOnly) : 0;
        if (error == -Errno.EAGAIN) {
            throw Faults.inUse(spec, "");
        }
        if (error != 0 && !ImageLock.isMissing(error)) {
            throw Faults.notLocked(spec, error);
        }
        warning = error == 0 ? "" : Faults.lockMissing(spec, error);
        locked = true;
    }

    /** Whether the lock was had at the last try, or none was asked for. */
    boolean isLocked() {
        return locked;
    }

    /** Once nobody else writes any more, and before the first read; direct disks as well: others read buffered. */
    private void dropCache(int fd, FileStatus status) {
        if (fresh) {
            new PageCache(io, spec, fd, status).drop();
        }
    }

    private DiskInfo deviceInfo(int fd, FileStatus status, long size, int alignment) {
        int logical = Math.max(alignment, powerOfTwo(probe.deviceInt(fd, Linux.BLKSSZGET, DiskInfo.SECTOR_SIZE)));
        int physical = Math.max(logical, powerOfTwo(probe.deviceInt(fd, Linux.BLKPBSZGET, logical)));
        int unit = readOnly ? 0 : BlockDevices.discardGranularity(status.deviceNumber());
        int shift = 0;
        if (unit > 0) {
            unit = (unit + logical - 1) / logical * logical;
            shift = BlockDevices.discardAlignment(status.deviceNumber()) % unit;
        }
        if (shift % logical != 0) {
            // units that begin inside a sector cannot be discarded at all
            unit = 0;
            shift = 0;
        }
        boolean secure = !readOnly && probe.erasesSecurely(fd, System.getProperty("os.version"));
        return new DiskInfo(size, logical, physical, readOnly, alignment > 0, unit > 0, unit, shift, secure);
    }

    private DiskInfo fileInfo(int fd, FileStatus status, long size, int alignment) {
        int logical = Math.max(alignment, DiskInfo.SECTOR_SIZE);
        // the file system's block; some (NFS) name their transfer size there
        int physical = Math.max(logical, powerOfTwo(Math.min(status.blockSize(), ImageProbe.PAGE_SIZE)));
        boolean discard = !readOnly && probe.punchesHoles(fd, status.sizeBytes());
        return new DiskInfo(size, logical, physical, readOnly, alignment > 0, discard, discard ? physical : 0, 0,
            false);
    }

    private Layout layout(FileStatus status, DiskInfo info, int alignment) {
        boolean device = status.isBlockDevice();
        if (alignment == 0) {
            return new Layout(1, 1, Long.MAX_VALUE, device);
        }
        int memory = forcedAlignment == 0 && status.memoryAlignment() > 0
            ? Integer.highestOneBit(status.memoryAlignment()) : Math.min(alignment, ImageProbe.PAGE_SIZE);
        return new Layout(alignment, memory, Layout.tailStart(info.sizeBytes(), alignment), device);
    }

    private int openTail(int pathFd, long tailStart) {
        int fd = reopen(pathFd, 0);
        if (fd < 0) {
            throw fault(fd);
        }
        // on a shared file system another host may have written the tail since this one cached it
        io.dropCache(fd, tailStart);
        return fd;
    }

    private static int powerOfTwo(int bytes) {
        return Math.max(DiskInfo.SECTOR_SIZE, Integer.highestOneBit(Math.max(1, bytes)));
    }

    private DiskException fault(long errno) {
        return Faults.of(spec, readOnly, errno);
    }
}
