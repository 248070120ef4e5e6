// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.memory;

import org.blkbackd.ioengine.Disk;
import org.blkbackd.ioengine.DiskInfo;
import org.blkbackd.ioengine.IoEngine;
import org.blkbackd.ioengine.IoRequest;
import org.blkbackd.ioengine.RequestRing;
import org.blkbackd.ioengine.Wakeup;

/** Does each request while it is submitted; the caller sees it done after the kick. Owned by its caller's thread. */
final class InstantEngine implements IoEngine {

    /** Performs a request that passed {@link DiskInfo#refusal}: 0 or a negative errno. */
    interface Action {
        long perform(IoRequest request);
    }

    private final Disk disk;
    private final Action action;
    private final Wakeup wakeup;
    private final Runnable onClose;
    private final int depth;
    private final RequestRing submitted;
    private final RequestRing done;
    private boolean closed;

    InstantEngine(Disk disk, int depth, Wakeup wakeup, Action action, Runnable onClose) {
        this.disk = disk;
        this.depth = depth;
        this.wakeup = wakeup;
        this.action = action;
        this.onClose = onClose;
        submitted = new RequestRing(depth);
        done = new RequestRing(depth);
    }

    @Override
    public boolean submit(IoRequest request) {
        if (closed) {
            throw new IllegalStateException("the engine is closed");
        }
        if (inFlight() == depth) {
            return false;
        }
        long refusal = disk.info().refusal(request);
        request.complete(refusal != 0 ? refusal : action.perform(request));
        submitted.add(request);
        return true;
    }

    @Override
    public void kick() {
        if (submitted.size() == 0) {
            return;
        }
        while (submitted.size() > 0) {
            done.add(submitted.poll());
        }
        wakeup.wake();
    }

    @Override
    public IoRequest reap() {
        return done.poll();
    }

    @Override
    public int inFlight() {
        return submitted.size() + done.size();
    }

    @Override
    public void close() {
        if (inFlight() > 0) {
            throw new IllegalStateException(inFlight() + " requests are in flight");
        }
        if (!closed) {
            closed = true;
            onClose.run();
        }
    }
}
