// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.notify;

import com.sun.jna.Native;

/** Direct-mapped JNA declarations of libc for {@link NotifySocket}: Java has no unix datagram sockets. No logic. */
final class LibC {

    static {
        Native.register(LibC.class, "c");
    }

    private LibC() {
    }

    /** socket(2). */
    static native int socket(int domain, int type, int protocol);

    /** sendto(2); -1 on failure. */
    static native long sendto(int fd, byte[] message, long bytes, int flags, byte[] address, int addressBytes);

    /** close(2). */
    static native int close(int fd);
}
