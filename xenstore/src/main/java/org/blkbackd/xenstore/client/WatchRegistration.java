// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.xenstore.client;

import org.blkbackd.xenstore.WatchListener;

/** One watch of this client. The token is ours: xenstored gives it back with every event. */
final class WatchRegistration {

    private final String path;
    private final String token;
    private final byte[] arguments;
    private final WatchListener listener;
    private boolean closed;

    /** Owned by the Keeper, under its lock: xenstored acknowledged it, so a new connection has to register it. */
    boolean acknowledged;

    /** Owned by the WatchDispatcher, under its lock: events not delivered yet. */
    int undelivered;

    /** Throws a XenstoreException for a path that cannot be sent. */
    WatchRegistration(String path, String token, WatchListener listener) {
        this.path = path;
        this.token = token;
        this.arguments = NodeOperations.arguments("watch " + path, path, token);
        this.listener = listener;
    }

    String path() {
        return path;
    }

    String token() {
        return token;
    }

    /** The payload of WATCH and UNWATCH. */
    byte[] arguments() {
        return arguments;
    }

    /** Calls the listener unless closed; null says that the watch is registered anew. */
    synchronized void deliver(String changed) {
        if (closed) {
            return;
        }
        if (changed == null) {
            listener.renewed();
        } else {
            listener.changed(changed);
        }
    }

    /** After it returns the listener is not called: a delivery that is under way is waited for. */
    synchronized void close() {
        closed = true;
    }
}
