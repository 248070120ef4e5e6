// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine;

import com.sun.jna.Native;

/**
 * Direct-mapped JNA declarations of libc; no logic. Arguments are int and long only: anything else costs several times
 * the call. After a negative return {@code Native.getLastError()} is errno.
 */
public final class LibC {

    static {
        Native.register(LibC.class, "c");
    }

    private LibC() {
    }

    /** mmap(2); -1 on failure. */
    public static native long mmap(long address, long length, int protection, int flags, int fd, long offset);

    /** munmap(2). */
    public static native int munmap(long address, long length);
}
