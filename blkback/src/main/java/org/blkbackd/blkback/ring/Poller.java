// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.ring;

import com.sun.jna.Native;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicBoolean;
import org.blkbackd.ioengine.IoMemory;
import org.blkbackd.ioengine.Wakeup;

/**
 * Where a worker sleeps: one poll(2) on its event channels and on a wake-up of its own. {@link #wake} is for any
 * thread; the rest is the worker's.
 *
 * <p>No wake-up is lost: the worker announces its sleep, looks for work once more, and only then polls; whoever makes
 * work visible and then finds the announcement writes to the descriptor.
 */
final class Poller implements Wakeup, AutoCloseable {

    private static final int EFD_CLOEXEC_NONBLOCK = 0x80800;
    private static final short POLLIN = 1;
    /** Two struct pollfd of 8 bytes, then the 8 bytes an eventfd reads into, then the 8 it is written from. */
    private static final int READ_AT = 16;
    private static final int WRITE_AT = 24;

    private final IoMemory memory = IoMemory.allocate(4096);
    private final int wakeFd;
    private final AtomicBoolean asleep = new AtomicBoolean();

    Poller(int channelsFd) {
        wakeFd = LibC.eventfd(0, EFD_CLOEXEC_NONBLOCK);
        if (wakeFd < 0) {
            throw new IllegalStateException("eventfd: errno " + Native.getLastError());
        }
        ByteBuffer fields = memory.buffer(0, 32);
        fields.putInt(0, channelsFd).putShort(4, POLLIN);
        fields.putInt(8, wakeFd).putShort(12, POLLIN);
        fields.putLong(WRITE_AT, 1);
    }

    @Override
    public void wake() {
        // One writer per sleep is enough, and an awake worker costs its callers one volatile read.
        if (asleep.get() && asleep.compareAndSet(true, false)) {
            LibC.write(wakeFd, memory.address() + WRITE_AT, 8);
        }
    }

    /** The worker is about to sleep; it must look for work once more before {@link #sleep}. */
    void announceSleep() {
        asleep.set(true);
    }

    /** The worker found work after all. */
    void stayAwake() {
        asleep.set(false);
    }

    /** Sleeps until an event channel is pending or somebody woke us. A signal ends it early, which does no harm. */
    void sleep() {
        LibC.poll(memory.address(), 2, -1);
        asleep.set(false);
        LibC.read(wakeFd, memory.address() + READ_AT, 8);
    }

    @Override
    public void close() {
        LibC.close(wakeFd);
        memory.close();
    }
}
