// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.xenstore;

/** Told that something at or below a watched path may have changed. Runs on the client's dispatch thread. */
@FunctionalInterface
public interface WatchListener {

    /**
     * Must return at once and must not call xenstore: it notes the path and lets its owner thread look again.
     *
     * @param path the changed path as xenstored reports it; several changes of one path that were not yet delivered
     *             are reported as one
     */
    void changed(String path);

    /**
     * The connection was lost, and another is there now: whatever changed meanwhile, and {@link #changed} follows once
     * even if nothing did.
     */
    default void renewed() {
        // who looks at what is there now need not know
    }
}
