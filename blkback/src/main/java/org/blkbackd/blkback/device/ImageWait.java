// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.device;

import java.util.ArrayList;
import java.util.List;
import org.blkbackd.ioengine.Errno;

/**
 * A guest that wants to connect while somebody else has its image: after a migration that is the host it comes from.
 * It waits, because a connection that ends in Closed would cost it the disk. Owned by the conductor.
 */
final class ImageWait {

    /** A peer that is asked at every try may fail in one of several ways by turns. */
    private static final int MOST_REASONS = 8;

    private final VbdTrouble trouble;
    private final VbdLog log;
    private final List<String> told = new ArrayList<>();

    ImageWait(VbdTrouble trouble, VbdLog log) {
        this.trouble = trouble;
        this.log = log;
    }

    /** Another try follows. Each reason is said once. */
    void inUse(String reason) {
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
        return !told.isEmpty();
    }

    /** The image is open, or the guest does not want it any more. */
    void over() {
        if (isWaiting()) {
            told.clear();
            trouble.forgetReport();
        }
    }
}
