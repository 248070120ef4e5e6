// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.file;

import java.util.ArrayList;
import java.util.List;
import org.blkbackd.ioengine.Disk;
import org.blkbackd.ioengine.DiskException;
import org.blkbackd.ioengine.DiskInfo;
import org.blkbackd.ioengine.Errno;
import org.blkbackd.ioengine.IoEngine;
import org.blkbackd.ioengine.IoLoop;
import org.blkbackd.ioengine.IoRequest;
import org.blkbackd.ioengine.Measured;
import org.blkbackd.ioengine.OpenEngines;
import org.blkbackd.ioengine.uring.UringLoop;

/**
 * A regular file or a block device. Thread-safe.
 *
 * <p>A flush is fdatasync(2), direct or not: O_DIRECT goes around the page cache, not around the drive's cache nor the
 * file system's metadata (an extent that a write allocated). It covers every write that had completed when it started,
 * whoever submitted it. When one fails, the kernel may have marked pages clean that it could not write, and the next
 * fdatasync would succeed; so the error stays, and every later flush fails with it until the image is opened again.
 */
final class FileDisk implements Disk {

    static final Layout BUFFERED_LAYOUT = new Layout(1, 1, Long.MAX_VALUE, false);

    private final FileIo io;
    private volatile Image image;
    private final IoPool pool;
    private final DiskQueue queue = new DiskQueue();
    private final OpenEngines engines = new OpenEngines();
    /** Held by whoever measures, grows or closes. */
    private final Object control = new Object();
    /** Held while syncing: the kernel reports a failed write-back once; of two at a time one would not learn of it. */
    private final Object syncing = new Object();
    /** Written while syncing; also read when the disk is closed. */
    private volatile long flushError;

    FileDisk(FileIo io, Image image, IoPool pool) {
        this.io = io;
        this.image = image;
        this.pool = pool;
    }

    @Override
    public DiskInfo info() {
        return image.info();
    }

    @Override
    public String warning() {
        return image.warning();
    }

    @Override
    public IoEngine newEngine(int depth, IoLoop loop) {
        engines.opened(depth);
        FileEngine engine = new FileEngine(this, pool, queue, depth, loop);
        pool.add(engine, queue);
        return loop instanceof UringLoop uring && image.nowait() ? new UringEngine(this, engine, uring, depth) : engine;
    }

    @Override
    public Measured remeasure() {
        synchronized (control) {
            engines.requireOpen();
            return new ImageGrowth(io, this, pool.maxThreads()).remeasure();
        }
    }

    @Override
    public Measured grow(long sizeBytes) {
        synchronized (control) {
            engines.requireOpen();
            return new ImageGrowth(io, this, pool.maxThreads()).grow(sizeBytes);
        }
    }

    /** Both descriptors are gone afterwards, whatever is thrown. */
    @Override
    public void close() {
        synchronized (control) {
            if (engines.closeDisk()) {
                closeImage();
            }
        }
    }

    private void closeImage() {
        List<String> faults = new ArrayList<>();
        if (flushError != 0) {
            faults.add("a flush failed with " + Errno.name(flushError)
                + ", so data written before it may be lost; check the storage");
        }
        closeDescriptor(image.fd(), faults);
        if (image.hasTail()) {
            closeDescriptor(image.tailFd(), faults);
        }
        if (!faults.isEmpty()) {
            throw new DiskException(DiskException.Kind.IO, image.path() + ": " + String.join("; ", faults));
        }
    }

    void engineClosed() {
        engines.closed();
    }

    /** Runs a request in an I/O thread. Returns 0 or a negative errno. */
    long perform(Transfer transfer, IoRequest request) {
        return request.operation() == IoRequest.Operation.FLUSH ? flush() : transfer.run(this, request);
    }

    /** As it is now; may have grown when it is asked for again. */
    Image image() {
        return image;
    }

    /** Makes what was written durable; returns 0 or a negative errno, the same from the first failure on. */
    long flush() {
        synchronized (syncing) {
            Image now = image;
            if (flushError == 0 && !now.info().readOnly()) {
                long error = sync(now.fd());
                // both, even after an error: each descriptor is told of a failed write-back once
                long tailError = now.hasTail() ? sync(now.tailFd()) : 0;
                flushError = error != 0 ? error : tailError;
            }
            return flushError;
        }
    }

    /** Puts a larger image in the place of this one, between two flushes. */
    void replace(Image larger) {
        synchronized (syncing) {
            Image before = image;
            image = larger;
            if (before.hasTail() && before.tailFd() != larger.tailFd()) {
                // nothing is lost if this fails: it was synced before
                io.close(before.tailFd());
            }
        }
    }

    private long sync(int fd) {
        int result;
        do {
            result = io.sync(fd);
        } while (result == -Errno.EINTR);
        return result;
    }

    private void closeDescriptor(int fd, List<String> faults) {
        int result = io.close(fd);
        // Linux has released the descriptor even after EINTR; closing it again could hit somebody else's
        if (result < 0 && result != -Errno.EINTR) {
            faults.add("closing failed with " + Errno.name(result) + ", so data may be lost; check the storage");
        }
    }
}
