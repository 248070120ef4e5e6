// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.xenstore.client;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import org.blkbackd.xenstore.XenstoreException;
import org.blkbackd.xenstore.wire.MessageType;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps one connection alive: its thread waits for a loss, connects again with growing pauses and registers the watches
 * anew. xenstored answers each registration with an event, so every listener is told once to look again.
 */
final class Keeper {

    private static final Logger LOG = LoggerFactory.getLogger(Keeper.class);

    private final Transport transport;
    private final ClientOptions options;
    private final WatchDispatcher watches;
    private final Thread thread = new Thread(this::keep, "xenstore-keeper");
    private Connection current;
    private long currentSinceNs;
    private boolean closed;

    Keeper(Transport transport, ClientOptions options, WatchDispatcher watches) {
        this.transport = transport;
        this.options = options;
        this.watches = watches;
    }

    /** Makes the first connection, or throws. */
    void start() throws IOException {
        restore();
        thread.setDaemon(true);
        thread.start();
    }

    boolean onKeeperThread() {
        return Thread.currentThread() == thread;
    }

    /** The live connection; waits for one as long as the options say. */
    synchronized Connection connection(String what) {
        long deadline = System.nanoTime() + options.reconnectWait().toNanos();
        while (!closed && current.isLost()) {
            long leftMs = (deadline - System.nanoTime()) / 1_000_000;
            if (leftMs <= 0) {
                throw new XenstoreException(what + ": no connection to " + transport,
                        XenstoreException.DISCONNECTED);
            }
            pause(leftMs, what);
        }
        if (closed) {
            throw new XenstoreException(what + ": the client is closed", XenstoreException.DISCONNECTED);
        }
        return current;
    }

    private synchronized void pause(long ms, String what) {
        try {
            wait(ms);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new XenstoreException(what + ": interrupted", XenstoreException.DISCONNECTED, e);
        }
    }

    /**
     * Notes that xenstored acknowledged a watch on this connection. False when the connection is lost already: then
     * its successor may not know of the watch.
     */
    synchronized boolean acknowledged(WatchRegistration watch, Connection on) {
        watch.acknowledged = !on.isLost();
        return watch.acknowledged;
    }

    private void keep() {
        long pauseMs = 0;
        while (awaitLoss()) {
            if (System.nanoTime() - currentSinceNs > options.longestBackoff().toNanos()) {
                pauseMs = 0;
            }
            pauseMs = reconnect(pauseMs);
        }
    }

    private synchronized boolean awaitLoss() {
        while (!closed && !current.isLost()) {
            idle(0);
        }
        return !closed;
    }

    /** Returns the pause to make before the attempt after this one. */
    private long reconnect(long pauseMs) {
        LOG.warn("connection to {} lost; trying again", transport);
        long next = pauseMs;
        while (waitBeforeAttempt(next)) {
            long doubled = Math.max(options.firstBackoff().toMillis(), 2 * next);
            next = Math.min(doubled, options.longestBackoff().toMillis());
            try {
                restore();
                LOG.info("connected to {} again", transport);
                return next;
            } catch (IOException | XenstoreException e) {
                LOG.debug("{}: {}", transport, e.getMessage());
            }
        }
        return next;
    }

    /** With jitter, so that many clients of a restarted xenstored do not come all at once. False once closed. */
    private synchronized boolean waitBeforeAttempt(long ms) {
        long pauseNs = Duration.ofMillis(ms).toNanos();
        pauseNs = pauseNs == 0 ? 0 : ThreadLocalRandom.current().nextLong(pauseNs / 2, pauseNs + 1);
        long end = System.nanoTime() + pauseNs;
        for (long left = pauseNs; left > 0 && !closed; left = end - System.nanoTime()) {
            idle(left / 1_000_000 + 1);
        }
        return !closed;
    }

    private synchronized void idle(long ms) {
        try {
            wait(ms);
        } catch (InterruptedException e) {
            LOG.debug("interrupted; only close() ends this thread");
        }
    }

    /** Connects and registers the watches. Calls may use the connection before every watch is back. */
    private void restore() throws IOException {
        Connection fresh = new Connection(watches::received, this::wake);
        fresh.open(transport);
        List<WatchRegistration> again = publish(fresh);
        for (WatchRegistration watch : again) {
            register(watch, fresh);
        }
    }

    private synchronized void wake() {
        notifyAll();
    }

    /** A watch acknowledged by an older connection is in the list; one made from now on is made on this one. */
    private synchronized List<WatchRegistration> publish(Connection fresh) throws IOException {
        if (closed) {
            fresh.close("the client is closed");
            throw new IOException("the client is closed");
        }
        current = fresh;
        currentSinceNs = System.nanoTime();
        notifyAll();
        List<WatchRegistration> again = new ArrayList<>();
        for (WatchRegistration watch : watches.watches()) {
            if (watch.acknowledged) {
                again.add(watch);
            }
        }
        return again;
    }

    private void register(WatchRegistration watch, Connection on) {
        watches.renew(watch);
        try {
            on.call(MessageType.WATCH, 0, watch.arguments(), options.callTimeout(), "watch " + watch.path());
        } catch (XenstoreException e) {
            if (e.isConnectionLost()) {
                on.close(e.getMessage());
                throw e;
            }
            LOG.error("watch {} could not be registered again: {}", watch.path(), e.error());
            watches.enqueue(watch, watch.path());
        }
        if (!watches.contains(watch)) {
            // Closed meanwhile: its UNWATCH may have come before our WATCH.
            on.post(MessageType.UNWATCH, 0, watch.arguments());
        }
    }

    void close() {
        synchronized (this) {
            closed = true;
            if (current != null) {
                current.close("the client is closed");
            }
            notifyAll();
        }
        join(thread);
    }

    /** Waits for a thread of the client to end, but not for ever: a listener may be stuck. */
    static void join(Thread thread) {
        try {
            thread.join(5_000);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
