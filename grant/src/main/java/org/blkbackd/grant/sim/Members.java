// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.grant.sim;

import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.blkbackd.grant.GrantException;
import org.blkbackd.grant.LibC;

/**
 * Who takes part in the simulation. A member holds an open-file-description lock on one byte of the file, which the
 * kernel frees when the process dies; others ask for it to tell whether an owner is alive.
 *
 * <pre>
 *   token (30 bits):  generation : 20 | slot : 10        0 = nobody
 *   shared:           int generation[SLOTS]              raised by each new holder of a slot
 * </pre>
 */
final class Members {

    /** Bytes of shared state. */
    static final int BYTES = 4 * 1024;

    private static final int SLOTS = 1024;
    private static final int GENERATIONS = (1 << 20) - 1;
    /** Where the locks lie: beyond the file's end, where no byte has another meaning. */
    private static final long LOCKS = 1L << 40;

    private static final int O_RDWR_CLOEXEC = 2 | 0x80000;
    private static final int F_OFD_GETLK = 36;
    private static final int F_OFD_SETLK = 37;
    private static final short F_WRLCK = 1;
    private static final short F_UNLCK = 2;

    private final SharedMemory memory;
    private final int base;
    /** struct flock: type short@0, whence short@2, start long@8, length long@16, pid int@24. */
    private final Memory flock = new Memory(32);
    private final int token;
    private int fd;
    private volatile boolean left;

    Members(SharedMemory memory, int base, Path file) {
        this.memory = memory;
        this.base = base;
        byte[] path = (file + "\0").getBytes(StandardCharsets.UTF_8);
        fd = LibC.open(path, O_RDWR_CLOEXEC, 0);
        if (fd < 0) {
            throw new GrantException("cannot open " + file, Native.getLastError());
        }
        token = join();
    }

    int token() {
        return token;
    }

    boolean isAlive(int other) {
        if (other == token) {
            return !left;
        }
        int slot = other & (SLOTS - 1);
        return slot != 0 && memory.getInt(base + 4 * slot) == other >>> 10 && isLocked(slot);
    }

    /** After this the member counts as dead, whatever it still owns. */
    synchronized void leave() {
        left = true;
        if (fd >= 0) {
            LibC.close(fd);
            fd = -1;
        }
    }

    private int join() {
        // Slot 0 is never taken; its word says where to start, so that a slot rests before it is used again.
        int start = memory.addInt(base, 1);
        for (int i = 0; i < SLOTS - 1; i++) {
            int slot = 1 + Math.floorMod(start + i, SLOTS - 1);
            if (lock(F_OFD_SETLK, slot) == 0) {
                int generation = memory.getInt(base + 4 * slot) % GENERATIONS + 1;
                memory.setInt(base + 4 * slot, generation);
                return generation << 10 | slot;
            }
        }
        leave();
        throw new GrantException("too many processes take part in the simulation, at most " + (SLOTS - 1), 0);
    }

    private synchronized boolean isLocked(int slot) {
        if (fd < 0) {
            return false;
        }
        if (lock(F_OFD_GETLK, slot) < 0) {
            throw new GrantException("cannot ask for a lock", Native.getLastError());
        }
        return flock.getShort(0) != F_UNLCK;
    }

    private int lock(int command, int slot) {
        flock.clear();
        flock.setShort(0, F_WRLCK);
        flock.setLong(8, LOCKS + slot);
        flock.setLong(16, 1);
        return LibC.fcntl(fd, command, Pointer.nativeValue(flock));
    }
}
