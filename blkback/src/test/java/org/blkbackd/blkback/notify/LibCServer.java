// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.notify;

import com.sun.jna.Native;

/** Direct-mapped JNA declarations of libc for {@link SimServiceManager}; no logic. */
final class LibCServer {

    static {
        Native.register(LibCServer.class, "c");
    }

    private LibCServer() {
    }

    /** bind(2). */
    static native int bind(int fd, byte[] address, int addressBytes);

    /** setsockopt(2). */
    static native int setsockopt(int fd, int level, int name, byte[] value, int valueBytes);

    /** recv(2); -1 on failure. */
    static native long recv(int fd, byte[] message, long bytes, int flags);
}
