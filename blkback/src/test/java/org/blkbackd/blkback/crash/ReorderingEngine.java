// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.crash;

import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.blkbackd.ioengine.IoEngine;
import org.blkbackd.ioengine.IoRequest;
import org.blkbackd.ioengine.Wakeup;

/** Engine of a {@link ReorderingDisk}. Owned by its caller's thread; the disk's timer only moves requests on. */
final class ReorderingEngine implements IoEngine {

    private final ReorderingDisk disk;
    private final IoEngine engine;
    private final int depth;
    private final Wakeup wakeup;
    private final Random random;
    /** Have waited, and are to go to the engine below. */
    private final Queue<IoRequest> due = new ConcurrentLinkedQueue<>();
    /** Were done below, and have waited. */
    private final Queue<IoRequest> ready = new ConcurrentLinkedQueue<>();
    private int inFlight;

    ReorderingEngine(ReorderingDisk disk, IoEngine engine, int depth, Wakeup wakeup, Random random) {
        this.disk = disk;
        this.engine = engine;
        this.depth = depth;
        this.wakeup = wakeup;
        this.random = random;
    }

    @Override
    public boolean submit(IoRequest request) {
        if (inFlight == depth) {
            return false;
        }
        inFlight++;
        if (!disk.isHeld(request)) {
            move(request, due);
        }
        return true;
    }

    private void move(IoRequest request, Queue<IoRequest> to) {
        long delayUs = random.nextBoolean() ? disk.delayUs(random) : 0;
        if (delayUs == 0) {
            to.add(request);
        } else {
            disk.after(delayUs, () -> {
                to.add(request);
                wakeup.wake();
            });
        }
    }

    @Override
    public void kick() {
        for (IoRequest request = due.poll(); request != null; request = due.poll()) {
            if (!engine.submit(request)) {
                throw new IllegalStateException("the engine below took less than its depth");
            }
        }
        engine.kick();
    }

    @Override
    public IoRequest reap() {
        kick();
        for (IoRequest done = engine.reap(); done != null; done = engine.reap()) {
            move(done, ready);
        }
        IoRequest next = ready.poll();
        if (next != null) {
            inFlight--;
        }
        return next;
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
        engine.close();
    }
}
