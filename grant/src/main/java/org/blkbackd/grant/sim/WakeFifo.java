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
 * A named FIFO that makes a poller return. Its bytes mean nothing: the truth is in the pending bits, so a full FIFO
 * loses nothing. Opened for reading and writing by both sides, so that neither end is ever missing. Synchronised,
 * because a descriptor closed by one thread must not be written by another: its number may already belong to an image.
 */
final class WakeFifo {

    private static final int FLAGS = 2 | 0x800 | 0x80000; // O_RDWR | O_NONBLOCK | O_CLOEXEC
    private static final int DRAIN_BYTES = 4096;
    private static final int POLLIN = 1;

    /** Where the meaningless bytes come from and go to, for all. */
    private static final Memory BYTES = new Memory(DRAIN_BYTES);
    private static final long ADDRESS = Pointer.nativeValue(BYTES);

    private final Path path;
    private final long key;
    /** struct pollfd: int fd@0, short events@4, short revents@6. Apart, because a poll does not hold the monitor. */
    private final Memory pollFd = new Memory(8);
    private int fd;

    private WakeFifo(Path path, long key, int fd) {
        this.path = path;
        this.key = key;
        this.fd = fd;
    }

    static WakeFifo create(Path path, long key) {
        if (LibC.mkfifo(nativePath(path), 0600) < 0) {
            throw new GrantException("cannot make FIFO " + path, Native.getLastError());
        }
        WakeFifo fifo = open(path, key);
        if (fifo.fd < 0) {
            throw new GrantException("cannot open FIFO " + path, Native.getLastError());
        }
        return fifo;
    }

    /** Opens the FIFO of somebody else. When it is gone, so is its owner: waking does nothing then. */
    static WakeFifo open(Path path, long key) {
        return new WakeFifo(path, key, LibC.open(nativePath(path), FLAGS, 0));
    }

    long key() {
        return key;
    }

    Path path() {
        return path;
    }

    synchronized int fd() {
        return fd;
    }

    synchronized void wake() {
        if (fd >= 0) {
            LibC.write(fd, ADDRESS, 1);
        }
    }

    synchronized void drain() {
        long length = DRAIN_BYTES;
        while (fd >= 0 && length == DRAIN_BYTES) {
            length = LibC.read(fd, ADDRESS, DRAIN_BYTES);
        }
    }

    /** Waits until somebody wakes; false after {@code timeoutMs}. For the owner thread. */
    boolean await(int timeoutMs) {
        pollFd.setInt(0, fd());
        pollFd.setInt(4, POLLIN);
        return LibC.poll(Pointer.nativeValue(pollFd), 1, timeoutMs) > 0;
    }

    synchronized void close() {
        if (fd >= 0) {
            LibC.close(fd);
            fd = -1;
        }
    }

    private static byte[] nativePath(Path path) {
        return (path + "\0").getBytes(StandardCharsets.UTF_8);
    }
}
