// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.device;

import org.blkbackd.ioengine.Errno;

/**
 * A guest that wants to connect while somebody else has its image: after a migration that is the host it comes from.
 * It waits, because a connection that ends in Closed would cost it the disk. Owned by the conductor.
 */
final class ImageWait {

    private final VbdTrouble trouble;
    private final VbdLog log;
    private String told;

    ImageWait(VbdTrouble trouble, VbdLog log) {
        this.trouble = trouble;
        this.log = log;
    }

    /** Another try follows. Said once, and again when the reason is another. */
    void inUse(String reason) {
        if (!reason.equals(told)) {
            told = reason;
            log.error("its guest waits for the image: " + reason);
            trouble.report(Errno.EBUSY, reason);
        }
    }

    /** Whether it has been tried before. */
    boolean isWaiting() {
        return told != null;
    }

    /** The image is open, or the guest does not want it any more. */
    void over() {
        if (told != null) {
            told = null;
            trouble.forgetReport();
        }
    }
}
