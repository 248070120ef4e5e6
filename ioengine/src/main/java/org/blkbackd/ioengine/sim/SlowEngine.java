// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.sim;

import java.util.ArrayDeque;
import java.util.Queue;
import org.blkbackd.ioengine.IoEngine;
import org.blkbackd.ioengine.IoRequest;
import org.blkbackd.ioengine.Wakeup;

/** Engine of a {@link SlowDisk}. Owned by its caller's thread; the disk's timer releases completions. */
final class SlowEngine implements IoEngine {

    private final SlowDisk disk;
    private final IoEngine engine;
    private final Wakeup wakeup;
    /** What {@link #reap} returns next; guarded by itself. */
    private final Queue<IoRequest> ready = new ArrayDeque<>();
    /** Taken from the engine below and not yet returned. */
    private int delayed;
    private final int depth;
    private boolean closed;

    SlowEngine(SlowDisk disk, IoEngine engine, Wakeup wakeup, int depth) {
        this.disk = disk;
        this.engine = engine;
        this.wakeup = wakeup;
        this.depth = depth;
    }

    @Override
    public boolean submit(IoRequest request) {
        return inFlight() < depth && engine.submit(request);
    }

    @Override
    public void kick() {
        engine.kick();
    }

    @Override
    public IoRequest reap() {
        for (IoRequest request = engine.reap(); request != null; request = engine.reap()) {
            delayed++;
            disk.delay(this, request);
        }
        synchronized (ready) {
            IoRequest next = ready.poll();
            if (next != null) {
                delayed--;
            }
            return next;
        }
    }

    @Override
    public int inFlight() {
        return engine.inFlight() + delayed;
    }

    @Override
    public void abandonDiscards() {
        engine.abandonDiscards();
    }

    @Override
    public void close() {
        if (inFlight() > 0) {
            throw new IllegalStateException(inFlight() + " requests are in flight");
        }
        if (!closed) {
            closed = true;
            disk.awaitTimer();
            engine.close();
        }
    }

    /** Makes a completion visible. The timer's thread. */
    void release(IoRequest request) {
        synchronized (ready) {
            ready.add(request);
        }
        wakeup.wake();
    }
}
