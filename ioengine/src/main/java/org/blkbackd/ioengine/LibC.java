// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine;

import com.sun.jna.FunctionMapper;
import com.sun.jna.Library;
import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import java.util.Map;

/**
 * Direct-mapped JNA declarations of libc; no logic. On hot calls arguments are int and long only: anything else costs
 * several times the call. Variadic functions are declared with fixed integer arguments, which Linux passes the same way
 * on x86-64 and aarch64. After a negative return {@code Native.getLastError()} is errno.
 */
public final class LibC {

    static {
        FunctionMapper names = (library, method) ->
            method.getName().equals("posixFadvise") ? "posix_fadvise" : method.getName();
        Native.register(LibC.class, NativeLibrary.getInstance("c", Map.of(Library.OPTION_FUNCTION_MAPPER, names)));
    }

    private LibC() {
    }

    /** mmap(2); -1 on failure. */
    public static native long mmap(long address, long length, int protection, int flags, int fd, long offset);

    /** munmap(2). */
    public static native int munmap(long address, long length);

    /** madvise(2). */
    public static native int madvise(long address, long length, int advice);

    /** memcpy(3). */
    public static native long memcpy(long to, long from, long length);

    /** open(2); the path is UTF-8 with its NUL, the mode is for O_CREAT. */
    public static native int open(byte[] path, int flags, int mode);

    /** close(2). */
    public static native int close(int fd);

    /** read(2). */
    public static native long read(int fd, long buffer, long bytes);

    /** write(2). */
    public static native long write(int fd, long buffer, long bytes);

    /** eventfd(2). */
    public static native int eventfd(int initial, int flags);

    /** ppoll(2) on an array of struct pollfd; a timespec and a signal set, or 0 for none. */
    public static native int ppoll(long pollfds, long count, long timespec, long signals);

    /** preadv(2). */
    public static native long preadv(int fd, long iovecs, int count, long offset);

    /** preadv2(2). */
    public static native long preadv2(int fd, long iovecs, int count, long offset, int flags);

    /** pwritev(2). */
    public static native long pwritev(int fd, long iovecs, int count, long offset);

    /** fdatasync(2). */
    public static native int fdatasync(int fd);

    /** ftruncate(2). */
    public static native int ftruncate(int fd, long length);

    /** fallocate(2). */
    public static native int fallocate(int fd, int mode, long offset, long length);

    /** posix_fadvise(3); returns errno and does not set it. */
    public static native int posixFadvise(int fd, long offset, long length, int advice);

    /** ioctl(2) with an address as its argument. */
    public static native int ioctl(int fd, long request, long argument);

    /** fcntl(2) with an address as its argument. */
    public static native int fcntl(int fd, int command, long argument);

    /** statx(2); the path is UTF-8 with its NUL. */
    public static native int statx(int directoryFd, byte[] path, int flags, int mask, long statx);

    /** fstatfs(2). */
    public static native int fstatfs(int fd, long statfs);

    /** lseek(2). */
    public static native long lseek(int fd, long offset, int whence);

    /** mincore(2). */
    public static native int mincore(long address, long length, long vector);

    /** syscall(2) with four arguments. */
    public static native long syscall(long number, long first, long second, long third, long fourth);

    /** faccessat(2); the path is UTF-8 with its NUL. */
    public static native int faccessat(int directoryFd, byte[] path, int mode, int flags);
}
