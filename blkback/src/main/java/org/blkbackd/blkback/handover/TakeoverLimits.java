// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.handover;

import java.time.Duration;

/**
 * How long each may take.
 *
 * @param hello   from the connection to the other side's first words; and for it to read what is sent
 * @param release for the old process to let go of a device, or to take one back
 * @param step    for the new process to hear of what it asked, and to take up a device; more than {@code release}
 * @param silence for the old process to hear the next word; more than {@code step}
 * @param dying   between the end of a process's connection and its own
 * @param grace   for a process that was given up to end by itself
 */
public record TakeoverLimits(Duration hello, Duration release, Duration step, Duration silence, Duration dying,
                             Duration grace) {

    /** What the daemon uses: long enough for a busy or emulated machine, on which a new Java takes its time. */
    public static final TakeoverLimits DEFAULTS = new TakeoverLimits(Duration.ofSeconds(60), Duration.ofSeconds(20),
        Duration.ofSeconds(30), Duration.ofSeconds(60), Duration.ofSeconds(2), Duration.ofSeconds(10));
}
