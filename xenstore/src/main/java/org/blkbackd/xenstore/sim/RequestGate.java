// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.xenstore.sim;

import io.netty.channel.EventLoop;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.TimeUnit;

/** Lets requests through at once, late, or not at all for now; always in order. Owned by the event loop. */
final class RequestGate {

    private final EventLoop loop;
    private final Deque<Runnable> waiting = new ArrayDeque<>();
    private boolean hung;
    private long delayMs;

    RequestGate(EventLoop loop) {
        this.loop = loop;
    }

    void enter(Runnable request) {
        waiting.add(request);
        if (delayMs > 0) {
            loop.schedule(this::letOneThrough, delayMs, TimeUnit.MILLISECONDS);
        } else {
            letOneThrough();
        }
    }

    private void letOneThrough() {
        if (!hung && !waiting.isEmpty()) {
            waiting.remove().run();
        }
    }

    void setDelay(long ms) {
        delayMs = ms;
    }

    void hang() {
        hung = true;
    }

    void resume() {
        hung = false;
        while (!hung && !waiting.isEmpty()) {
            waiting.remove().run();
        }
    }
}
