// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.migration.net;

import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.blkbackd.blkback.log.OneLine;

/** Whoever reaches the port can cause a line of the log: one in ten seconds is enough. Not thread-safe. */
final class FewLines {

    private static final long INTERVAL_NS = TimeUnit.SECONDS.toNanos(10);
    private static final int MOST_CHARS = 500;

    private long next = System.nanoTime();
    private long left;

    /** Says a line, or only counts it. */
    void say(Consumer<String> log, String line) {
        long now = System.nanoTime();
        if (now - next < 0) {
            left++;
            return;
        }
        log.accept(OneLine.of(line, MOST_CHARS) + (left == 0 ? "" : " (and " + left + " more like it)"));
        next = now + INTERVAL_NS;
        left = 0;
    }
}
