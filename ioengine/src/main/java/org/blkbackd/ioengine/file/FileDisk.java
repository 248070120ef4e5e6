// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.file;

import java.util.ArrayList;
import java.util.List;
import org.blkbackd.ioengine.Disk;
import org.blkbackd.ioengine.DiskException;
import org.blkbackd.ioengine.DiskInfo;
import org.blkbackd.ioengine.Errno;
import org.blkbackd.ioengine.IoEngine;
import org.blkbackd.ioengine.IoRequest;
import org.blkbackd.ioengine.OpenEngines;
import org.blkbackd.ioengine.Wakeup;

/**
 * A regular file or a block device. Thread-safe.
 *
 * <p>A flush is fdatasync(2), direct or not: O_DIRECT goes around the page cache, not around the drive's cache nor the
 * file system's metadata (an extent that a write allocated). It covers every write that had completed when it started,
 * whoever submitted it. When one fails, the kernel may have marked pages clean that it could not write, and the next
 * fdatasync would succeed; so the error stays, and every later flush fails with it until the image is opened again.
 */
final class FileDisk implements Disk {

    static final Layout BUFFERED_LAYOUT = new Layout(1, 1, Long.MAX_VALUE, 1, false);

    private final FileIo io;
    private final Image image;
    private final IoPool pool;
    private final DiskQueue queue = new DiskQueue();
    private final OpenEngines engines = new OpenEngines();
    /** Written by flushes, which never run together; also read when the disk is closed. */
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
    public IoEngine newEngine(int depth, Wakeup wakeup) {
        engines.opened(depth);
        FileEngine engine = new FileEngine(this, pool, queue, depth, wakeup);
        pool.add(engine, queue);
        return engine;
    }

    /** Both descriptors are gone afterwards, whatever is thrown. */
    @Override
    public void close() {
        if (!engines.closeDisk()) {
            return;
        }
        List<String> faults = new ArrayList<>();
        if (flushError != 0) {
            faults.add("a flush failed with " + Errno.name(flushError)
                + ", so data written before it may be lost; check the storage");
        }
        closeDescriptor(image.fd(), faults);
        if (image.tailFd() >= 0) {
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
        return request.operation() == IoRequest.Operation.FLUSH ? flush() : transfer.run(image, request);
    }

    private long flush() {
        if (image.info().readOnly()) {
            return 0;
        }
        if (flushError == 0) {
            long error = sync(image.fd());
            // both, even after an error: each descriptor is told of a failed write-back once
            long tailError = image.tailFd() >= 0 ? sync(image.tailFd()) : 0;
            flushError = error != 0 ? error : tailError;
        }
        return flushError;
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
