// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.device;

import org.blkbackd.blkback.xenbus.BackendArea;
import org.blkbackd.xenstore.XenstoreException;

/**
 * The directory of a device that is over, where it is ours to remove; in two looks, so that libxl can see state 6
 * before it goes. Owned by the conductor.
 */
final class Leftover {

    private final BackendArea backend;
    private final VbdLog log;
    private boolean found;

    Leftover(BackendArea backend, VbdLog log) {
        this.backend = backend;
        this.log = log;
    }

    /**
     * One look.
     *
     * @param closed nothing is open, and our state is Closed
     * @return whether another look is due
     */
    boolean look(boolean closed) {
        try {
            boolean due = found;
            found = closed && backend.isLeftover();
            if (due && found) {
                backend.removeLeftover();
            }
            return found;
        } catch (XenstoreException e) {
            log.warn("removing its directory put off: " + e.getMessage());
            return true;
        }
    }
}
