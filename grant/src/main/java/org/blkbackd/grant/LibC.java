// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.grant;

import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;

/**
 * Direct-mapped JNA declarations of libc; no logic. Variadic functions are declared with fixed integer arguments, which
 * Linux passes the same way on x86-64 and aarch64. After a negative return {@code Native.getLastError()} is errno.
 */
public final class LibC {

    static {
        Native.register(LibC.class, NativeLibrary.getInstance("c"));
    }

    private LibC() {
    }

    /** mmap(2); -1 on failure. */
    public static native long mmap(long address, long length, int protection, int flags, int fd, long offset);

    /** mremap(2); -1 on failure. */
    public static native long mremap(long oldAddress, long oldLength, long newLength, int flags, long newAddress);

    /** munmap(2). */
    public static native int munmap(long address, long length);

    /** madvise(2). */
    public static native int madvise(long address, long length, int advice);

    /** memcpy(3). */
    public static native long memcpy(long to, long from, long length);

    /** memset(3). */
    public static native long memset(long address, int value, long length);

    /** open(2); the path ends with a NUL, the mode is for O_CREAT. */
    public static native int open(byte[] path, int flags, int mode);

    /** close(2). */
    public static native int close(int fd);

    /** read(2). */
    public static native long read(int fd, long address, long length);

    /** write(2). */
    public static native long write(int fd, long address, long length);

    /** fcntl(2) with an integer or an address as its argument. */
    public static native int fcntl(int fd, int command, long argument);

    /** ioctl(2) with an integer or an address as its argument. */
    public static native int ioctl(int fd, long request, long argument);

    /** mkfifo(3); the path ends with a NUL. */
    public static native int mkfifo(byte[] path, int mode);

    /** poll(2) on {@code count} struct pollfd at {@code address}. */
    public static native int poll(long address, long count, int timeoutMs);
}
