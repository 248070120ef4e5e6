// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.file;

/**
 * The system calls this package makes. Each returns what the call returns, or a negative errno. Thread-safe; the calls
 * on data allocate nothing.
 */
interface FileIo {

    /** open(2); O_CLOEXEC is always added. */
    int open(String path, int flags);

    /** close(2). */
    int close(int fd);

    /** statx(2) by path, following symbolic links, into 256 bytes at an address. */
    int stat(String path, long statx);

    /** statx(2) of a descriptor. */
    int stat(int fd, long statx);

    /** faccessat(2) with the effective ids; mode is of {@link Linux#R_OK} and {@link Linux#W_OK}. */
    int access(String path, int mode);

    /** ioctl(2). */
    int ioctl(int fd, long request, long argument);

    /** fcntl(2) with one of the commands for open-file-description locks, and a struct flock at an address. */
    int lock(int fd, int command, long flock);

    /** preadv(2). */
    long read(int fd, long iovecs, int count, long offset);

    /** preadv2(2) with RWF_NOWAIT: EAGAIN where it would wait, EOPNOTSUPP where the file cannot tell. */
    long readNoWait(int fd, long iovecs, int count, long offset);

    /** pwritev(2). */
    long write(int fd, long iovecs, int count, long offset);

    /** fdatasync(2). */
    int sync(int fd);

    /** ftruncate(2). */
    int truncate(int fd, long size);

    /** fallocate(2) with FALLOC_FL_PUNCH_HOLE and FALLOC_FL_KEEP_SIZE. */
    int punchHole(int fd, long offset, long length);

    /** posix_fadvise(3) with POSIX_FADV_DONTNEED, from an offset to the end. */
    int dropCache(int fd, long offset);

    /** fstatfs(2) into 120 bytes at an address. */
    int fileSystem(int fd, long statfs);

    /** lseek(2) with {@link Linux#SEEK_DATA} or {@link Linux#SEEK_HOLE}. */
    long seek(int fd, long offset, int whence);

    /** cachestat(2), Linux 6.5 and later; both arguments are addresses. */
    int cacheStat(int fd, long range, long result);

    /** mmap(2) for reading, shared. */
    long map(int fd, long offset, long length);

    /** munmap(2). */
    int unmap(long address, long length);

    /** mincore(2): a byte for each page, whose lowest bit says whether the page is in memory. */
    int resident(long address, long length, long vector);
}
