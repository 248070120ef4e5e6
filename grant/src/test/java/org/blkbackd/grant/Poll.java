// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.grant;

import com.sun.jna.Memory;
import com.sun.jna.Pointer;

/** poll(2) on one descriptor. */
public final class Poll {

    private static final int POLLIN = 1;

    private Poll() {
    }

    /** Waits for {@code fd} to become readable; false when it did not for {@code timeoutMs}. */
    public static boolean readable(int fd, int timeoutMs) {
        try (Memory pollFd = new Memory(8)) {
            pollFd.setInt(0, fd);
            pollFd.setInt(4, POLLIN);
            return LibC.poll(Pointer.nativeValue(pollFd), 1, timeoutMs) > 0;
        }
    }
}
