// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.file;

import com.sun.jna.Pointer;
import java.util.List;
import org.blkbackd.ioengine.Errno;
import org.blkbackd.ioengine.IoMemory;

/**
 * The lock of an image in use, understood by QEMU and qemu-img as well (QEMU's block/file-posix.c): one byte of the
 * file for every permission that the user has, and one for every permission that it grants nobody else, each locked
 * for reading so that any number of users can lock it. Each user first sets its own and then asks, without setting
 * anything, whether it could lock the opposite bytes for writing; it cannot where somebody else has a lock. Of two who
 * come at the same moment at least one sees the other.
 *
 * <p><b>A fence.</b> They are open-file-description locks. Other descriptors of the image may be closed without losing
 * them, and they are free only when the last reference to the description is gone. A read or write in the kernel holds
 * one. So whoever gets the lock of a process that was killed knows that its last write has reached the file or never
 * will.
 *
 * <p>They belong to the inode. A device reached through two device nodes that are no links of each other has two.
 */
final class ImageLock {

    /** Bit numbers of QEMU's permissions (include/block/block-common.h). */
    private static final int CONSISTENT_READ = 0;
    private static final int WRITE = 1;
    private static final int RESIZE = 3;

    /** The byte of permission 0 that says "I have it". */
    static final int HELD = 100;
    /** The byte of permission 0 that says "nobody else may". */
    static final int UNSHARED = 200;
    /** Bytes of either kind. */
    static final int PERMISSIONS = 4;

    private static final int[] WRITER = {CONSISTENT_READ, WRITE, RESIZE};
    private static final int[] READER = {CONSISTENT_READ};
    /** Reader or writer: others may read, and write what changes nothing. */
    private static final int[] KEPT = {WRITE, RESIZE};

    /** For tests that must see what happens without: see the property's other uses. */
    private static final boolean OFF = List.of(System.getProperty("blkbackd.faults", "").split("\\s*,\\s*"))
        .contains("off:fence");

    private final FileIo io;
    private final int fd;
    private final long flock;

    private ImageLock(FileIo io, int fd, long flock) {
        this.io = io;
        this.fd = fd;
        this.flock = flock;
    }

    /**
     * Takes the lock, which is held until the last reference to the descriptor's description is gone. After a failure
     * close the descriptor: a part of the lock may be set.
     *
     * @return 0; -EAGAIN when another has the image; or another negative errno
     */
    static int acquire(FileIo io, int fd, boolean readOnly) {
        if (OFF) {
            return 0;
        }
        try (IoMemory memory = IoMemory.allocate(Linux.FLOCK_BYTES)) {
            return new ImageLock(io, fd, memory.address()).acquire(readOnly ? READER : WRITER);
        }
    }

    /** Whether an errno says that there are no such locks on this file system. */
    static boolean isMissing(long errno) {
        return List.of(Errno.ENOLCK, Errno.ENOSYS, Errno.EOPNOTSUPP, Errno.EINVAL).contains((int) Math.abs(errno));
    }

    private int acquire(int[] held) {
        int error = all(Linux.F_OFD_SETLK, HELD, held);
        error = error != 0 ? error : all(Linux.F_OFD_SETLK, UNSHARED, KEPT);
        error = error != 0 ? error : all(Linux.F_OFD_GETLK, UNSHARED, held);
        return error != 0 ? error : all(Linux.F_OFD_GETLK, HELD, KEPT);
    }

    private int all(int command, int base, int[] permissions) {
        int error = 0;
        for (int i = 0; i < permissions.length && error == 0; i++) {
            error = one(command, base + permissions[i]);
        }
        return error;
    }

    /** Sets a read lock, or asks whether a write lock would be had. */
    private int one(int command, long start) {
        boolean asks = command == Linux.F_OFD_GETLK;
        Pointer fields = new Pointer(flock);
        int result;
        do {
            fields.setMemory(0, Linux.FLOCK_BYTES, (byte) 0);
            fields.setShort(0, (short) (asks ? Linux.F_WRLCK : Linux.F_RDLCK));
            fields.setLong(8, start);
            fields.setLong(16, 1);
            result = io.lock(fd, command, flock);
        } while (result == -Errno.EINTR);
        boolean refused = result == -Errno.EACCES
            || asks && result == 0 && fields.getShort(0) != Linux.F_UNLCK;
        return refused ? -Errno.EAGAIN : result;
    }
}
