// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.xenstore.client;

import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.blkbackd.xenstore.WatchListener;
import org.blkbackd.xenstore.wire.Message;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Carries watch events from the I/O thread to the listeners, on one thread of its own.
 *
 * <p>Guests decide how often and under which names nodes change, so what waits here is bounded: one entry per (watch,
 * path), and beyond {@link #MOST_PATHS} paths of one watch only "the watched path changed".
 */
final class WatchDispatcher {

    /** Different paths of one watch that may wait at a time; a guest's quota is 1000 nodes. */
    static final int MOST_PATHS = 1024;

    private static final Logger LOG = LoggerFactory.getLogger(WatchDispatcher.class);

    /** The path is null where the watch is registered anew. */
    private record Event(WatchRegistration watch, String path) {
    }

    private final Map<String, WatchRegistration> byToken = new ConcurrentHashMap<>();
    private final AtomicLong nextToken = new AtomicLong(1);
    private final Set<Event> queue = new LinkedHashSet<>();
    private final Thread thread = new Thread(this::deliverAll, "xenstore-dispatch");
    private boolean closed;

    void start() {
        thread.setDaemon(true);
        thread.start();
    }

    boolean onDispatchThread() {
        return Thread.currentThread() == thread;
    }

    /** Events for the new watch are delivered from now on: xenstored may send one before the caller runs again. */
    WatchRegistration add(String path, WatchListener listener) {
        String token = Long.toString(nextToken.getAndIncrement());
        WatchRegistration watch = new WatchRegistration(path, token, listener);
        byToken.put(watch.token(), watch);
        return watch;
    }

    void remove(WatchRegistration watch) {
        watch.close();
        byToken.remove(watch.token());
    }

    boolean contains(WatchRegistration watch) {
        return byToken.containsKey(watch.token());
    }

    List<WatchRegistration> watches() {
        return List.copyOf(byToken.values());
    }

    /** An event from xenstored. One for a token that is not ours, or no longer, is nothing to us. */
    void received(Message event) {
        List<String> pathAndToken = event.strings();
        WatchRegistration watch = pathAndToken.size() < 2 ? null : byToken.get(pathAndToken.get(1));
        if (watch == null) {
            LOG.debug("nobody watches for {}", event);
        } else {
            enqueue(watch, pathAndToken.get(0));
        }
    }

    /** It is being registered anew. The event that follows tells of all that is not delivered yet. */
    synchronized void renew(WatchRegistration watch) {
        queue.removeIf(event -> event.watch() == watch);
        watch.undelivered = 1;
        queue.add(new Event(watch, null));
        notifyAll();
    }

    synchronized void enqueue(WatchRegistration watch, String path) {
        if (queue.add(new Event(watch, watch.undelivered < MOST_PATHS ? path : watch.path()))) {
            watch.undelivered++;
            notifyAll();
        }
    }

    private void deliverAll() {
        for (Event event = next(); event != null; event = next()) {
            try {
                event.watch().deliver(event.path());
            } catch (RuntimeException | Error e) {
                LOG.error("listener of watch {} failed on {}", event.watch().path(), event.path(), e);
            }
        }
    }

    private synchronized Event next() {
        while (queue.isEmpty() && !closed) {
            try {
                wait();
            } catch (InterruptedException e) {
                LOG.debug("interrupted; only close() ends this thread");
            }
        }
        if (closed) {
            return null;
        }
        Iterator<Event> oldest = queue.iterator();
        Event event = oldest.next();
        oldest.remove();
        event.watch().undelivered--;
        return event;
    }

    void close() {
        synchronized (this) {
            closed = true;
            queue.clear();
            notifyAll();
        }
        Keeper.join(thread);
    }
}
