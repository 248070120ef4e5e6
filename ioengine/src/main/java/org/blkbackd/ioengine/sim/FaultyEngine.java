// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.sim;

import java.util.ArrayDeque;
import java.util.Queue;
import org.blkbackd.ioengine.IoEngine;
import org.blkbackd.ioengine.IoRequest;
import org.blkbackd.ioengine.Wakeup;

/** Engine of a {@link FaultyDisk}. Owned by its caller's thread; completions are released from any. */
final class FaultyEngine implements IoEngine {

    private final IoEngine engine;
    private final DiskFaults faults;
    private final int depth;
    private final Wakeup wakeup;
    /** What {@link #reap} returns next; guarded by itself. */
    private final Queue<IoRequest> ready = new ArrayDeque<>();
    private final Queue<IoRequest> failed = new ArrayDeque<>();
    private int inFlight;
    private boolean closed;

    FaultyEngine(IoEngine engine, DiskFaults faults, int depth, Wakeup wakeup) {
        this.engine = engine;
        this.faults = faults;
        this.depth = depth;
        this.wakeup = wakeup;
    }

    @Override
    public boolean submit(IoRequest request) {
        if (closed) {
            throw new IllegalStateException("the engine is closed");
        }
        if (inFlight == depth) {
            return false;
        }
        int errno = faults.decide(request);
        if (errno == 0 && !engine.submit(request)) {
            throw new IllegalStateException("the engine below took less than its depth");
        }
        if (errno != 0) {
            request.complete(-errno);
            failed.add(request);
        }
        inFlight++;
        return true;
    }

    @Override
    public void kick() {
        engine.kick();
        if (!failed.isEmpty()) {
            for (IoRequest request = failed.poll(); request != null; request = failed.poll()) {
                arrive(request);
            }
            wakeup.wake();
        }
    }

    @Override
    public IoRequest reap() {
        for (IoRequest request = engine.reap(); request != null; request = engine.reap()) {
            arrive(request);
        }
        synchronized (ready) {
            IoRequest next = ready.poll();
            if (next != null) {
                inFlight--;
            }
            return next;
        }
    }

    @Override
    public int inFlight() {
        return inFlight;
    }

    @Override
    public void abandonDiscards() {
        engine.abandonDiscards();
    }

    @Override
    public void close() {
        if (inFlight > 0) {
            throw new IllegalStateException(inFlight + " requests are in flight");
        }
        closed = true;
        engine.close();
    }

    /** Makes a held completion visible. Any thread. */
    void release(IoRequest request) {
        synchronized (ready) {
            ready.add(request);
        }
        wakeup.wake();
    }

    private void arrive(IoRequest request) {
        if (!faults.holds(this, request)) {
            synchronized (ready) {
                ready.add(request);
            }
        }
    }
}
