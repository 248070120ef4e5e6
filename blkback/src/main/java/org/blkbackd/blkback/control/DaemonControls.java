// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.control;

import java.util.List;
import java.util.concurrent.CompletableFuture;

/** What the control socket sees of the daemon itself. Thread-safe, returns at once. */
public interface DaemonControls {

    /** Levels in order of severity. */
    List<String> LOG_LEVELS = List.of("error", "warn", "info", "debug", "trace");

    /** The version of the program. */
    String version();

    /** One of {@link #LOG_LEVELS}. */
    String logLevel();

    /** Takes one of {@link #LOG_LEVELS}; holds until the daemon ends. */
    void logLevel(String level);

    /**
     * Starts a successor, which takes everything over; or one that only looks at what would be in its way.
     *
     * @return what came of it; or a {@link ControlException} when no successor can be started
     */
    CompletableFuture<TakeoverResult> takeover(boolean checkOnly);

    /** The other hosts that images are shared with. */
    CompletableFuture<List<PeerView>> peers();

    /**
     * Takes a peer's host as off, until the peer is heard again; or not any more.
     *
     * @return false when there is no such peer
     */
    CompletableFuture<Boolean> fence(String peer, boolean off);

    /**
     * Asks a peer what would be in the way of a guest's disk there.
     *
     * @param device as {@code vbd-3-51712}
     * @return a line each, none when nothing is
     */
    CompletableFuture<List<String>> migrateCheck(String device, String peer);
}
