// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.file;

import org.blkbackd.ioengine.Errno;
import org.blkbackd.ioengine.IoEngine;
import org.blkbackd.ioengine.IoRequest;
import org.blkbackd.ioengine.RequestRing;
import org.blkbackd.ioengine.uring.UringLoop;

/**
 * Data handle on a {@link FileDisk} whose owner sleeps in a {@link UringLoop}: what the kernel can do by itself goes to
 * the loop, the rest to a {@link FileEngine} and its I/O threads. Owned by its caller's thread.
 *
 * <p>The loop gets reads and writes of whole blocks, before the image's tail, in memory that fits. A write to blocks
 * that are modified in part takes its range of the disk's {@link RangeLocks}, as {@link Transfer} does, but does not
 * wait for it: where somebody is before it, an I/O thread waits. So does whatever the kernel did not do as a whole: a
 * transfer that fell short, or was refused for the moment, is done once more, by {@link Transfer} and its rules; until
 * then nobody has been told anything of it.
 *
 * <p>A flush is the I/O threads' as well: the kernel would have io_uring's fdatasync wait in a thread all the same, and
 * of two flushes of one image at a time only one would learn of a failed write-back.
 */
final class UringEngine implements IoEngine, UringLoop.Client {

    /** What one call moves at most (MAX_RW_COUNT). */
    private static final long MOST_BYTES = 0x7ffff000L;

    private final FileDisk disk;
    private final FileEngine threads;
    private final UringLoop loop;
    private final int client;
    private final int depth;
    /** Null where no write modifies a part of a block. */
    private final RangeLocks locks;
    private final RequestRing done;
    private final IoRequest[] requests;
    /** By slot: what it holds in {@link #locks}. */
    private final int[] ranges;
    private final int[] free;
    private int freeCount;
    private int inFlight;
    private boolean closed;

    /** @param threads an engine of the same disk, owner and depth; closed with this one */
    UringEngine(FileDisk disk, FileEngine threads, UringLoop loop, int depth) {
        this.disk = disk;
        this.threads = threads;
        this.loop = loop;
        this.depth = depth;
        locks = disk.image().locks();
        if (locks != null) {
            locks.reserve(depth);
        }
        done = new RequestRing(depth);
        requests = new IoRequest[depth];
        ranges = new int[depth];
        free = new int[depth];
        while (freeCount < depth) {
            free[freeCount] = freeCount++;
        }
        client = loop.register(this);
    }

    @Override
    public boolean submit(IoRequest request) {
        if (closed) {
            throw new IllegalStateException("the engine is closed");
        }
        if (inFlight == depth) {
            return false;
        }
        inFlight++;
        Image image = disk.image();
        if (!suits(image, request) || !start(image, request)) {
            threads.submit(request);
        }
        return true;
    }

    private static boolean suits(Image image, IoRequest request) {
        IoRequest.Operation operation = request.operation();
        long length = request.lengthBytes();
        return (operation == IoRequest.Operation.READ || operation == IoRequest.Operation.WRITE)
            && length > 0 && length <= MOST_BYTES && image.info().refusal(request) == 0
            && request.offsetBytes() + length <= image.layout().tailStart()
            && Transfer.fits(image.layout(), request, length);
    }

    private boolean start(Image image, IoRequest request) {
        if (!loop.hasRoom(request.pieces())) {
            return false;
        }
        int range = RangeLocks.NONE;
        if (locks != null && request.operation() == IoRequest.Operation.WRITE) {
            range = locks.tryAcquire(request.offsetBytes(), request.offsetBytes() + request.lengthBytes());
            if (range == RangeLocks.NONE) {
                return false;
            }
            if (disk.image() != image) {
                // it has grown meanwhile, and its tail may be somewhere else
                locks.releaseTried(range);
                return false;
            }
        }
        int slot = free[--freeCount];
        requests[slot] = request;
        ranges[slot] = range;
        loop.start(client, slot, image.fd(), request);
        return true;
    }

    @Override
    public void kick() {
        loop.submit();
        threads.kick();
    }

    @Override
    public void completed(int slot, int result) {
        IoRequest request = requests[slot];
        requests[slot] = null;
        if (ranges[slot] != RangeLocks.NONE) {
            locks.releaseTried(ranges[slot]);
        }
        free[freeCount++] = slot;
        if (isUnfinished(result, request.lengthBytes())) {
            threads.submit(request);
            threads.kick();
        } else {
            request.complete(Math.min(0, result));
            done.add(request);
        }
    }

    /** Whether {@link Transfer} is to do it: it fell short, or it failed with what may be io_uring's own trouble. */
    static boolean isUnfinished(int result, long length) {
        return switch (-result) {
            case Errno.EAGAIN, Errno.EINTR, Errno.ECANCELED, Errno.ENOMEM, Errno.EINVAL, Errno.EOPNOTSUPP -> true;
            default -> result >= 0 && result < length;
        };
    }

    @Override
    public IoRequest reap() {
        IoRequest request = next();
        if (request == null && inFlight > 0) {
            loop.collect();
            request = next();
        }
        if (request != null) {
            inFlight--;
        }
        return request;
    }

    private IoRequest next() {
        IoRequest request = done.poll();
        return request == null ? threads.reap() : request;
    }

    @Override
    public int inFlight() {
        return inFlight;
    }

    @Override
    public void abandonDiscards() {
        threads.abandonDiscards();
    }

    @Override
    public void close() {
        if (inFlight > 0) {
            throw new IllegalStateException(inFlight + " requests are in flight");
        }
        if (closed) {
            return;
        }
        closed = true;
        loop.unregister(client);
        if (locks != null) {
            locks.unreserve(depth);
        }
        threads.close();
    }
}
