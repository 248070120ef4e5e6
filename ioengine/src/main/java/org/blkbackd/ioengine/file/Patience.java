// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.file;

import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/** Waits between tries until its time is over. Used by one thread. */
final class Patience {

    private static final long LEAST_MS = 10;
    private static final long MOST_MS = 30;

    private final long start = System.nanoTime();
    private final long totalNanos;

    /** The time starts now. */
    Patience(long milliseconds) {
        totalNanos = TimeUnit.MILLISECONDS.toNanos(milliseconds);
    }

    /**
     * Waits a little, for a time drawn by chance: two that took half a lock each must not meet again and again.
     *
     * @return false, at once, when the time is over or the thread is interrupted
     */
    boolean pause() {
        if (System.nanoTime() - start >= totalNanos) {
            return false;
        }
        try {
            Thread.sleep(ThreadLocalRandom.current().nextLong(LEAST_MS, MOST_MS + 1));
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }
}
