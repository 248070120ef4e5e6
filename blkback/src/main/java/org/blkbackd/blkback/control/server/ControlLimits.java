// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.control.server;

import java.time.Duration;

/**
 * What one client, and all of them, may cost.
 *
 * @param connections at once; more are told that the daemon is busy
 * @param lineBytes   of a request
 * @param request     from the connection, or from the last reply, to the end of the next request
 * @param answer      for the daemon to answer a question
 * @param resize      for the storage to answer a resize
 * @param takeover    for a successor to take over
 * @param write       for the client to read a reply
 */
public record ControlLimits(int connections, int lineBytes, Duration request, Duration answer, Duration resize,
                            Duration takeover, Duration write) {

    /** What the daemon uses. */
    public static final ControlLimits DEFAULTS = new ControlLimits(32, 4096, Duration.ofSeconds(10),
        Duration.ofSeconds(5), Duration.ofSeconds(30), Duration.ofMinutes(10), Duration.ofSeconds(10));
}
