// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.file;

import org.blkbackd.ioengine.Errno;
import org.blkbackd.ioengine.Measured;

/**
 * Measures a disk's image again and lets the disk have what it gained; used once, while nobody else does the same.
 *
 * <p><b>An image with a tail, before or after.</b> What belongs to the buffered descriptor changes: a block that was a
 * part of one may be whole now, and the other way round. So everything from the first such byte on is locked, the
 * tail's pages are written to the storage and dropped, and only then the border moves. From there on nobody reaches an
 * old byte by the other way while it is still on its first way.
 */
final class ImageGrowth {

    private final FileIo io;
    private final FileDisk disk;
    private final int lockSlot;

    /** @param lockSlot in the image's {@link RangeLocks}, of no I/O thread */
    ImageGrowth(FileIo io, FileDisk disk, int lockSlot) {
        this.io = io;
        this.disk = disk;
        this.lockSlot = lockSlot;
    }

    /** As {@link org.blkbackd.ioengine.Disk#remeasure}. */
    Measured remeasure() {
        Image image = disk.image();
        long size;
        try (ImageProbe probe = new ImageProbe(io)) {
            size = probe.sizeBytes(image.fd(), status(probe, image));
        }
        if (size < 0) {
            throw Faults.notMeasured(image.path(), size);
        }
        if (size > image.info().sizeBytes()) {
            adopt(image, size);
        }
        return new Measured(disk.info(), size);
    }

    /** As {@link org.blkbackd.ioengine.Disk#grow}. */
    Measured grow(long sizeBytes) {
        Image image = disk.image();
        if (image.layout().blockDevice()) {
            throw Faults.growDevice(image.path());
        }
        if (image.info().readOnly()) {
            throw Faults.growReadOnly(image.path());
        }
        image.info().requireGrowth(image.path(), sizeBytes);
        long fileBytes;
        long wholeBytes;
        try (ImageProbe probe = new ImageProbe(io)) {
            FileStatus status = status(probe, image);
            fileBytes = status.sizeBytes();
            wholeBytes = probe.sizeBytes(image.fd(), status);
        }
        if (sizeBytes < wholeBytes) {
            throw Faults.shrinks(image.path(), wholeBytes, sizeBytes);
        }
        if (sizeBytes > fileBytes) {
            extend(image, sizeBytes);
        }
        return remeasure();
    }

    /** Durably: a guest that has seen the new size must find it again after the host lost its power. */
    private void extend(Image image, long sizeBytes) {
        int result;
        do {
            result = io.truncate(image.fd(), sizeBytes);
        } while (result == -Errno.EINTR);
        long error = result < 0 ? result : disk.flush();
        if (error != 0) {
            throw Faults.notGrown(image.path(), sizeBytes, error);
        }
    }

    private FileStatus status(ImageProbe probe, Image image) {
        FileStatus status = probe.status(image.fd());
        if (status == null) {
            throw Faults.notMeasured(image.path(), probe.error());
        }
        return status;
    }

    private void adopt(Image image, long size) {
        Layout layout = image.layout().withSize(size);
        if (!image.hasTail() && !layout.hasTail()) {
            disk.replace(image.withSize(size, -1));
            return;
        }
        long border = Math.min(image.layout().tailStart(), layout.tailStart());
        image.locks().acquire(lockSlot, border, Long.MAX_VALUE, true);
        try {
            disk.replace(image.withSize(size, moveTail(image, layout, border)));
        } finally {
            image.locks().release(lockSlot);
        }
    }

    /** Brings what was written through the old tail to the storage; returns the descriptor of the new one, or -1. */
    private int moveTail(Image image, Layout layout, long border) {
        long error = image.hasTail() ? disk.flush() : 0;
        int fd = image.tailFd();
        if (error == 0 && layout.hasTail() && !image.hasTail()) {
            fd = io.open("/proc/self/fd/" + image.fd(), image.info().readOnly() ? Linux.O_RDONLY : Linux.O_RDWR);
            error = Math.min(0, fd);
        }
        if (error != 0) {
            throw Faults.notExtended(image.path(), error);
        }
        io.dropCache(fd, border);
        return layout.hasTail() ? fd : -1;
    }
}
