// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.file;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.blkbackd.ioengine.Errno;
import org.blkbackd.ioengine.IoRequest;

/**
 * The threads that wait for storage, shared by all disks of a provider and started as they are needed. They are never
 * interrupted.
 *
 * <p>Disks take turns. Half of the threads are a reserve: a disk that has something running may not take one of them.
 * So a disk whose storage hangs holds half of the threads at most, each further one that hangs holds one more, and the
 * others still get on. A long discard is given back after each piece and waits for its turn again.
 *
 * <p>One monitor guards the hand-over in both directions; nothing is allocated under it once the threads run. Whoever
 * makes something eligible while threads sleep passes the wake-up on, one thread at a time.
 */
final class IoPool {

    private static final long CLOSE_TIMEOUT_MS = 2000;

    /** What a thread is working on; reused. Written under the pool's monitor. */
    static final class Assignment {
        private DiskQueue queue;
        private FileEngine engine;
        private IoRequest request;
        /** Kept here, because the request is its owner's again, and may be another one, before the thread is back. */
        private Lane lane;
        private boolean unfinished;

        void set(FileEngine from, IoRequest what, Lane in) {
            engine = from;
            request = what;
            lane = in;
        }

        void clear() {
            queue = null;
            engine = null;
            request = null;
            unfinished = false;
        }
    }

    private final FileIo io;
    private final int maxThreads;
    private final List<Thread> threads = new ArrayList<>();
    private final ArrayDeque<DiskQueue> ready = new ArrayDeque<>();
    private int idle;
    private int busy;
    private boolean closed;

    IoPool(FileIo io, int maxThreads) {
        this.io = io;
        this.maxThreads = maxThreads;
    }

    /** Threads there can be; each has a number below it. */
    int maxThreads() {
        return maxThreads;
    }

    synchronized void add(FileEngine engine, DiskQueue queue) {
        queue.add(engine);
    }

    synchronized void remove(FileEngine engine, DiskQueue queue) {
        queue.remove(engine);
    }

    /** Takes over what an engine has staged. */
    synchronized void start(FileEngine engine, DiskQueue queue) {
        engine.handOver(queue);
        list(queue);
        passOn();
    }

    /** Ends the threads that have nothing to do, soon; one that hangs in the storage is left to its fate. */
    void close() {
        List<Thread> ending;
        synchronized (this) {
            closed = true;
            notifyAll();
            ending = List.copyOf(threads);
        }
        long deadline = System.nanoTime() + CLOSE_TIMEOUT_MS * 1_000_000;
        for (Thread thread : ending) {
            try {
                thread.join(Math.max(1, (deadline - System.nanoTime()) / 1_000_000));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
    }

    private void work(Transfer transfer) {
        Assignment assignment = new Assignment();
        try (transfer) {
            while (next(assignment)) {
                long result = perform(transfer, assignment);
                assignment.unfinished = result == Discarder.MORE;
                if (!assignment.unfinished) {
                    assignment.engine.complete(assignment.request, result);
                }
            }
        }
    }

    private static long perform(Transfer transfer, Assignment assignment) {
        if (assignment.lane == Lane.DISCARD && assignment.engine.abandonsDiscards()) {
            return -Errno.ECANCELED;
        }
        try {
            return assignment.engine.disk().perform(transfer, assignment.request);
        } catch (RuntimeException | Error e) {
            // a bug or no memory; the request is owed an answer all the same, and "success" it is not
            return -Errno.EIO;
        }
    }

    /** Ends the thread's last assignment and waits for another. False when the pool is closed. */
    private synchronized boolean next(Assignment assignment) {
        if (assignment.queue != null) {
            busy--;
            assignment.queue.finished(assignment.lane);
            if (assignment.unfinished) {
                assignment.engine.enqueue(assignment.request, assignment.queue);
            }
            list(assignment.queue);
            assignment.clear();
        }
        while (!assign(assignment)) {
            if (closed) {
                return false;
            }
            idle++;
            try {
                wait();
            } catch (InterruptedException e) {
                // nobody has a reason to interrupt these threads; the flag is dropped and the work goes on
                continue;
            } finally {
                idle--;
            }
        }
        passOn();
        return true;
    }

    private boolean assign(Assignment assignment) {
        if (!rotateToEligible()) {
            return false;
        }
        DiskQueue queue = ready.poll();
        queue.setListed(false);
        queue.take(assignment);
        assignment.queue = queue;
        busy++;
        list(queue);
        return true;
    }

    /** If there is more to do than this thread can, gets another to look. */
    private void passOn() {
        if ((idle > 0 || threads.size() < maxThreads) && rotateToEligible()) {
            if (idle > 0) {
                notify();
            } else {
                startThread();
            }
        }
    }

    /** Brings the next disk that may have another thread to the front; without an iterator, which would be garbage. */
    private boolean rotateToEligible() {
        for (int i = ready.size(); i > 0; i--) {
            DiskQueue queue = ready.peek();
            if (queue.isIdle() || busy < maxThreads - maxThreads / 2) {
                return true;
            }
            ready.add(ready.poll());
        }
        return false;
    }

    private void startThread() {
        int number = threads.size();
        Transfer transfer = null;
        try {
            transfer = new Transfer(io, number);
            Transfer owned = transfer;
            Thread thread = new Thread(() -> work(owned), "blkbackd-io-" + number);
            thread.setDaemon(true);
            thread.start();
            threads.add(thread);
        } catch (OutOfMemoryError e) {
            if (transfer != null) {
                transfer.close();
            }
            // the system gives no more threads: those there are do the work
            if (number == 0) {
                throw e;
            }
        }
    }

    private void list(DiskQueue queue) {
        if (!queue.isListed() && queue.isReady()) {
            queue.setListed(true);
            ready.add(queue);
        }
    }
}
