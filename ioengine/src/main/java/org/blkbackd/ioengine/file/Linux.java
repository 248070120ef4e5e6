// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.file;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Numbers of the kernel's headers (asm-generic/fcntl.h, linux/fs.h, linux/stat.h, linux/falloc.h, linux/mman.h,
 * linux/uio.h).
 */
final class Linux {

    static final int O_RDONLY = 0;
    static final int O_RDWR = 2;
    /** The other flag whose value differs, see {@link #O_DIRECT}. */
    static final int O_DIRECTORY = System.getProperty("os.arch").equals("aarch64") ? 0x4000 : 0x10000;
    static final int O_CLOEXEC = 0x80000;
    static final int O_PATH = 0x200000;
    /** Its value differs between the architectures that Xen runs on. */
    static final int O_DIRECT = System.getProperty("os.arch").equals("aarch64") ? 0x10000 : 0x4000;

    private static final Pattern RELEASE = Pattern.compile("([0-9]{1,4})\\.([0-9]{1,4})");

    static final int AT_FDCWD = -100;
    static final int AT_EACCESS = 0x200;
    static final int AT_EMPTY_PATH = 0x1000;
    static final int R_OK = 4;
    static final int W_OK = 2;

    static final int STATX_BASIC_STATS = 0x7ff;
    static final int STATX_DIOALIGN = 0x2000;
    static final int STATX_MNT_ID = 0x1000;
    static final int STATX_BYTES = 256;

    /** Linux 6.9 and later. */
    static final long FS_IOC_GETFSUUID = 0x80111500L;
    static final int FSUUID_BYTES = 17;
    static final long BLKROGET = 0x125e;
    static final long BLKFLSBUF = 0x1261;
    static final long BLKSSZGET = 0x1268;
    static final long BLKDISCARD = 0x1277;
    static final long BLKSECDISCARD = 0x127d;
    static final long BLKPBSZGET = 0x127b;
    static final long BLKGETSIZE64 = 0x80081272L;

    static final int F_OFD_GETLK = 36;
    static final int F_OFD_SETLK = 37;
    static final int F_RDLCK = 0;
    static final int F_WRLCK = 1;
    static final int F_UNLCK = 2;
    /** struct flock on 64-bit: type (2 bytes), whence (2), start at 8, length at 16, pid (4) at 24. */
    static final int FLOCK_BYTES = 32;

    static final int RWF_NOWAIT = 8;
    static final int FALLOC_FL_KEEP_SIZE = 1;
    static final int FALLOC_FL_PUNCH_HOLE = 2;
    static final int POSIX_FADV_DONTNEED = 4;

    /** The same number on every architecture; glibc has no function for it. */
    static final long SYS_CACHESTAT = 451;
    /** struct cachestat_range: offset, length, 0 for everything behind. */
    static final int CACHESTAT_RANGE_BYTES = 16;
    /** struct cachestat: five longs; pages in the cache, dirty, under write-back, evicted, recently evicted. */
    static final int CACHESTAT_BYTES = 40;
    static final int PROT_READ = 1;
    static final int MAP_SHARED = 1;
    static final int SEEK_DATA = 3;
    static final int SEEK_HOLE = 4;
    /** struct statfs on 64-bit; the type is its first long. */
    static final int STATFS_BYTES = 120;

    /** struct iovec: address, length. */
    static final int IOVEC_BYTES = 16;
    static final int IOV_MAX = 1024;

    /** What BLKDISCARD and BLKSECDISCARD point at: offset, length. */
    static final int RANGE_BYTES = 16;

    private Linux() {
    }

    /** Whether a kernel release such as "6.1.0-13-amd64" is of that version or a later one. */
    static boolean isAtLeast(String release, int major, int minor) {
        Matcher numbers = RELEASE.matcher(release);
        return numbers.lookingAt() && (number(numbers, 1) > major
            || number(numbers, 1) == major && number(numbers, 2) >= minor);
    }

    private static int number(Matcher numbers, int group) {
        return Integer.parseInt(numbers.group(group));
    }
}
