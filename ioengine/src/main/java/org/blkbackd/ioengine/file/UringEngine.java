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
 * <p>Requests that continue each other go as one transfer. When it does not end as a whole, each of them is done once
 * more by itself, so that each has the status that is its own.
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
    private final RequestRun run;
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
        run = new RequestRun(requests);
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
        if (!suits(image, request) || !gather(image, request)) {
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

    /** Starts it with what it continues, or is continued by, at the latest at the next {@link #kick}. */
    private boolean gather(Image image, IoRequest request) {
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
        if (!run.isContinuedBy(request)) {
            start();
        }
        int slot = free[--freeCount];
        requests[slot] = request;
        ranges[slot] = range;
        run.add(slot);
        return true;
    }

    private void start() {
        if (run.isEmpty()) {
            return;
        }
        boolean room = loop.hasRoom(run.pieces());
        IoRequest transfer = run.transfer();
        int first = run.take();
        if (room) {
            loop.start(client, first, disk.image().fd(), transfer);
        } else {
            redo(first);
        }
    }

    @Override
    public void kick() {
        start();
        loop.submit();
        threads.kick();
    }

    @Override
    public void completed(int slot, int result) {
        if (isUnfinished(result, bytes(slot)) || result < 0 && run.after(slot) != RequestRun.NONE) {
            redo(slot);
            threads.kick();
            return;
        }
        for (int each = slot; each != RequestRun.NONE; each = run.after(each)) {
            IoRequest request = release(each);
            request.complete(Math.min(0, result));
            done.add(request);
        }
    }

    private long bytes(int first) {
        long bytes = 0;
        for (int slot = first; slot != RequestRun.NONE; slot = run.after(slot)) {
            bytes += requests[slot].lengthBytes();
        }
        return bytes;
    }

    /** Each of a run once more, by the threads. */
    private void redo(int first) {
        for (int slot = first; slot != RequestRun.NONE; slot = run.after(slot)) {
            threads.submit(release(slot));
        }
    }

    private IoRequest release(int slot) {
        IoRequest request = requests[slot];
        requests[slot] = null;
        if (ranges[slot] != RangeLocks.NONE) {
            locks.releaseTried(ranges[slot]);
        }
        free[freeCount++] = slot;
        return request;
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
