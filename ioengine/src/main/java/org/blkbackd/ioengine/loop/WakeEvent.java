// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.loop;

import com.sun.jna.Native;
import java.util.concurrent.atomic.AtomicBoolean;
import org.blkbackd.ioengine.Errno;
import org.blkbackd.ioengine.IoMemory;
import org.blkbackd.ioengine.LibC;
import org.blkbackd.ioengine.Wakeup;

/**
 * An eventfd by which other threads end the sleep of a loop's owner. {@link #wake} is for any thread, the rest for the
 * owner.
 */
public final class WakeEvent implements Wakeup, AutoCloseable {

    private static final int EFD_CLOEXEC_NONBLOCK = 0x80800;
    private static final int BYTES = 8;
    /** What is written comes first, then room for what is read. */
    private static final int READ_AT = BYTES;

    private final IoMemory memory = IoMemory.allocate(2 * BYTES);
    private final AtomicBoolean announced = new AtomicBoolean();
    private final int fd;

    /** Throws IllegalStateException when the system gives no eventfd. */
    public WakeEvent() {
        fd = LibC.eventfd(0, EFD_CLOEXEC_NONBLOCK);
        if (fd < 0) {
            int errno = Native.getLastError();
            memory.close();
            throw new IllegalStateException("there is no eventfd (" + Errno.name(errno) + ")");
        }
        memory.buffer(0, BYTES).putLong(0, 1);
    }

    /** Readable after a wake-up. */
    public int fd() {
        return fd;
    }

    @Override
    public void wake() {
        // One writer per sleep is enough, and an awake owner costs its callers one volatile read.
        if (announced.get() && announced.compareAndSet(true, false)) {
            LibC.write(fd, memory.address(), BYTES);
        }
    }

    /** The owner is about to sleep: from now on a wake-up counts. */
    public void announce() {
        announced.set(true);
    }

    /** Whether the sleep is announced, and nobody woke the owner since. */
    public boolean isAwaited() {
        return announced.get();
    }

    /** The owner is awake. Returns whether somebody woke it since the announcement. */
    public boolean end() {
        return !announced.getAndSet(false);
    }

    /** Makes it unreadable. */
    public void clear() {
        LibC.read(fd, memory.address() + READ_AT, BYTES);
    }

    @Override
    public void close() {
        LibC.close(fd);
        memory.close();
    }
}
