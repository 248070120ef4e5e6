// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.file;

import com.sun.jna.Native;
import java.nio.charset.StandardCharsets;
import org.blkbackd.ioengine.LibC;

/** The real system calls. */
final class SystemFileIo implements FileIo {

    private static final byte[] EMPTY_PATH = {0};
    private static final int STATX = Linux.STATX_BASIC_STATS | Linux.STATX_DIOALIGN | Linux.STATX_MNT_ID;

    @Override
    public int open(String path, int flags) {
        return (int) result(LibC.open(terminated(path), flags | Linux.O_CLOEXEC, 0));
    }

    @Override
    public int close(int fd) {
        return (int) result(LibC.close(fd));
    }

    @Override
    public int stat(String path, long statx) {
        return (int) result(LibC.statx(Linux.AT_FDCWD, terminated(path), 0,
            STATX, statx));
    }

    @Override
    public int stat(int fd, long statx) {
        return (int) result(LibC.statx(fd, EMPTY_PATH, Linux.AT_EMPTY_PATH,
            STATX, statx));
    }

    @Override
    public int access(String path, int mode) {
        return (int) result(LibC.faccessat(Linux.AT_FDCWD, terminated(path), mode, Linux.AT_EACCESS));
    }

    @Override
    public int ioctl(int fd, long request, long argument) {
        return (int) result(LibC.ioctl(fd, request, argument));
    }

    @Override
    public int lock(int fd, int command, long flock) {
        return (int) result(LibC.fcntl(fd, command, flock));
    }

    @Override
    public long read(int fd, long iovecs, int count, long offset) {
        return result(LibC.preadv(fd, iovecs, count, offset));
    }

    @Override
    public long readNoWait(int fd, long iovecs, int count, long offset) {
        return result(LibC.preadv2(fd, iovecs, count, offset, Linux.RWF_NOWAIT));
    }

    @Override
    public long write(int fd, long iovecs, int count, long offset) {
        return result(LibC.pwritev(fd, iovecs, count, offset));
    }

    @Override
    public int sync(int fd) {
        return (int) result(LibC.fdatasync(fd));
    }

    @Override
    public int truncate(int fd, long size) {
        return (int) result(LibC.ftruncate(fd, size));
    }

    @Override
    public int punchHole(int fd, long offset, long length) {
        return (int) result(LibC.fallocate(fd, Linux.FALLOC_FL_PUNCH_HOLE | Linux.FALLOC_FL_KEEP_SIZE, offset, length));
    }

    @Override
    public int dropCache(int fd, long offset) {
        return -LibC.posixFadvise(fd, offset, 0, Linux.POSIX_FADV_DONTNEED);
    }

    @Override
    public int fileSystem(int fd, long statfs) {
        return (int) result(LibC.fstatfs(fd, statfs));
    }

    @Override
    public long seek(int fd, long offset, int whence) {
        return result(LibC.lseek(fd, offset, whence));
    }

    @Override
    public int cacheStat(int fd, long range, long result) {
        return (int) result(LibC.syscall(Linux.SYS_CACHESTAT, fd, range, result, 0));
    }

    @Override
    public long map(int fd, long offset, long length) {
        long address = LibC.mmap(0, length, Linux.PROT_READ, Linux.MAP_SHARED, fd, offset);
        return address == -1 ? -Native.getLastError() : address;
    }

    @Override
    public int unmap(long address, long length) {
        return (int) result(LibC.munmap(address, length));
    }

    @Override
    public int resident(long address, long length, long vector) {
        return (int) result(LibC.mincore(address, length, vector));
    }

    private static long result(long returned) {
        return returned < 0 ? -Native.getLastError() : returned;
    }

    private static byte[] terminated(String path) {
        return (path + '\0').getBytes(StandardCharsets.UTF_8);
    }
}
