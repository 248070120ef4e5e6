// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.device;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.blkbackd.ioengine.Errno;

/**
 * A guest that wants to connect while somebody else has its image: after a migration that is the host it comes from.
 * It waits, because a connection that ends in Closed would cost it the disk. Owned by the conductor.
 */
final class ImageWait {

    /** A peer that is asked at every try may fail in one of several ways by turns. */
    private static final int MOST_REASONS = 8;
    /** As long as a host takes to let go that has just heard of its guest's suspend; then twice as long, and so on. */
    private static final long FIRST_PAUSE_NS = TimeUnit.MILLISECONDS.toNanos(25);

    private final VbdTrouble trouble;
    private final VbdLog log;
    private final List<String> told = new ArrayList<>();
    private int tries;

    ImageWait(VbdTrouble trouble, VbdLog log) {
        this.trouble = trouble;
        this.log = log;
    }

    /** Another try follows. Each reason is said once. */
    void inUse(String reason) {
        tries++;
        if (!told.contains(reason)) {
            if (told.size() == MOST_REASONS) {
                told.remove(0);
            }
            told.add(reason);
            log.error("its guest waits for the image: " + reason);
            trouble.report(Errno.EBUSY, reason);
        }
    }

    /** Whether it has been tried before. */
    boolean isWaiting() {
        return tries > 0;
    }

    /** Until the next try, in nanoseconds; at most {@code longest}. */
    long pauseNs(long longest) {
        return isWaiting() ? pauseNs(tries, longest) : longest;
    }

    static long pauseNs(int tries, long longest) {
        long pause = FIRST_PAUSE_NS;
        for (int i = 1; i < tries && pause < longest; i++) {
            pause *= 2;
        }
        return Math.min(pause, longest);
    }

    /** The image is open, or the guest does not want it any more. */
    void over() {
        if (isWaiting()) {
            told.clear();
            tries = 0;
            trouble.forgetReport();
        }
    }
}
