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
}
