// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.uring;

import com.sun.jna.Native;

/** Direct-mapped JNA declaration of libc's syscall(2), since libc has no functions for io_uring; no logic. */
final class LibUring {

    static {
        Native.register(LibUring.class, "c");
    }

    private LibUring() {
    }

    /** syscall(2) with six arguments; -1 on failure, and {@code Native.getLastError()} is errno. */
    static native long syscall(long number, long first, long second, long third, long fourth, long fifth, long sixth);
}
