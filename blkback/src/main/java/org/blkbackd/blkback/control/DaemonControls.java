// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.control;

import java.util.List;

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
}
