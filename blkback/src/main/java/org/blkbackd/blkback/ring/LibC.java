// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.ring;

import com.sun.jna.Native;

/** Direct-mapped JNA declarations of libc for {@link Poller}; no logic. */
final class LibC {

    static {
        Native.register(LibC.class, "c");
    }

    private LibC() {
    }

    /** poll(2) on an array of struct pollfd. */
    static native int poll(long pollfds, long count, int timeoutMs);

    /** eventfd(2). */
    static native int eventfd(int initial, int flags);

    /** read(2). */
    static native long read(int fd, long buffer, long bytes);

    /** write(2). */
    static native long write(int fd, long buffer, long bytes);

    /** close(2). */
    static native int close(int fd);
}
