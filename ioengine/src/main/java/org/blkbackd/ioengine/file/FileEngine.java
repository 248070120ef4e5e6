// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.file;

import org.blkbackd.ioengine.IoEngine;
import org.blkbackd.ioengine.IoRequest;
import org.blkbackd.ioengine.RequestRing;
import org.blkbackd.ioengine.Wakeup;

/**
 * Data handle on a {@link FileDisk}: stages what is submitted, hands it to the {@link IoPool} at the kick, and collects
 * what the pool's threads completed. Owned by its caller's thread, but for the methods that say otherwise.
 */
final class FileEngine implements IoEngine {

    private final FileDisk disk;
    private final IoPool pool;
    private final DiskQueue queue;
    private final Wakeup wakeup;
    private final int depth;
    /** The owner's. */
    private final RequestRing staged;
    /** The pool's, under its monitor; one for each {@link Lane}. */
    private final RequestRing[] waiting = new RequestRing[Lane.COUNT];
    /** Anybody's, under this engine's monitor. */
    private final RequestRing done;
    private int waking;
    /** Written under this engine's monitor; lets the owner look without entering it. */
    private volatile int completed;
    private volatile boolean abandoning;
    private int inFlight;
    private boolean refused;
    private boolean closed;

    FileEngine(FileDisk disk, IoPool pool, DiskQueue queue, int depth, Wakeup wakeup) {
        this.disk = disk;
        this.pool = pool;
        this.queue = queue;
        this.depth = depth;
        this.wakeup = wakeup;
        staged = new RequestRing(depth);
        for (int lane = 0; lane < Lane.COUNT; lane++) {
            waiting[lane] = new RequestRing(depth);
        }
        done = new RequestRing(depth);
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
        long refusal = disk.info().refusal(request);
        if (refusal == 0) {
            staged.add(request);
        } else {
            request.complete(refusal);
            append(request);
            refused = true;
        }
        return true;
    }

    @Override
    public void kick() {
        if (staged.size() > 0) {
            pool.start(this, queue);
        }
        if (refused) {
            refused = false;
            wakeup.wake();
        }
    }

    @Override
    public IoRequest reap() {
        if (completed == 0) {
            return null;
        }
        inFlight--;
        synchronized (this) {
            completed = done.size() - 1;
            return done.poll();
        }
    }

    @Override
    public int inFlight() {
        return inFlight;
    }

    @Override
    public void abandonDiscards() {
        abandoning = true;
    }

    /** Also waits until the last wake-up returned, so that what it touches may go away afterwards. */
    @Override
    public void close() {
        if (inFlight > 0) {
            throw new IllegalStateException(inFlight + " requests are in flight");
        }
        if (closed) {
            return;
        }
        closed = true;
        awaitWakeups();
        pool.remove(this, queue);
        disk.engineClosed();
    }

    FileDisk disk() {
        return disk;
    }

    boolean abandonsDiscards() {
        return abandoning;
    }

    /** Moves what is staged into the pool's queues. The owner, under the pool's monitor. */
    void handOver(DiskQueue counted) {
        for (IoRequest request = staged.poll(); request != null; request = staged.poll()) {
            enqueue(request, counted);
        }
    }

    /** Puts a request behind the others of its lane. Under the pool's monitor. */
    void enqueue(IoRequest request, DiskQueue counted) {
        Lane lane = Lane.of(request);
        waiting[lane.ordinal()].add(request);
        counted.queued(lane);
    }

    /** Gives an I/O thread the next request of a lane, if there is one. Under the pool's monitor. */
    boolean assign(Lane lane, IoPool.Assignment to) {
        IoRequest request = waiting[lane.ordinal()].poll();
        if (request == null) {
            return false;
        }
        to.set(this, request, lane);
        return true;
    }

    /** Makes a completion visible, then wakes the owner. Any thread. */
    void complete(IoRequest request, long result) {
        request.complete(result);
        synchronized (this) {
            waking++;
            append(request);
        }
        try {
            wakeup.wake();
        } catch (RuntimeException e) {
            // a bug of the owner's; it must not cost all disks this thread
            Thread thread = Thread.currentThread();
            thread.getUncaughtExceptionHandler().uncaughtException(thread, e);
        } finally {
            woken();
        }
    }

    private synchronized void append(IoRequest request) {
        done.add(request);
        completed = done.size();
    }

    private synchronized void woken() {
        if (--waking == 0) {
            notifyAll();
        }
    }

    private synchronized void awaitWakeups() {
        boolean interrupted = false;
        while (waking > 0) {
            try {
                wait();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
