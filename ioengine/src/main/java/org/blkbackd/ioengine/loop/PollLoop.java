// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.loop;

import com.sun.jna.Native;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicBoolean;
import org.blkbackd.ioengine.IoLoop;
import org.blkbackd.ioengine.IoMemory;
import org.blkbackd.ioengine.LibC;
import org.blkbackd.ioengine.LoopCounters;

/** Sleeps in ppoll(2), on the watched descriptors and an eventfd of its own; engines complete in other threads. */
public final class PollLoop implements IoLoop {

    private static final int EFD_CLOEXEC_NONBLOCK = 0x80800;
    private static final short POLLIN = 1;
    /** struct pollfd: the descriptor, 2 bytes of events, 2 of what came. */
    private static final int POLLFD_BYTES = 8;
    private static final int READ_AT = POLLFD_BYTES * (1 + MOST_WATCHED);
    private static final int WRITE_AT = READ_AT + 8;
    /** struct timespec: seconds, nanoseconds. */
    private static final int TIMEOUT_AT = WRITE_AT + 8;
    private static final int BYTES = TIMEOUT_AT + 16;
    private static final long SECOND_NS = 1_000_000_000;

    private final IoMemory memory = IoMemory.allocate(BYTES);
    private final ByteBuffer fields = memory.buffer(0, BYTES);
    private final int wakeFd;
    private final AtomicBoolean asleep = new AtomicBoolean();
    private final LoopCounters counters = new LoopCounters();
    private int descriptors;

    /** Throws IllegalStateException when the system gives no eventfd. */
    public PollLoop() {
        wakeFd = LibC.eventfd(0, EFD_CLOEXEC_NONBLOCK);
        if (wakeFd < 0) {
            int errno = Native.getLastError();
            memory.close();
            throw new IllegalStateException("eventfd: errno " + errno);
        }
        fields.putLong(WRITE_AT, 1);
        add(wakeFd);
    }

    @Override
    public void watch(int fd) {
        if (descriptors > MOST_WATCHED) {
            throw new IllegalStateException("more than " + MOST_WATCHED + " descriptors to watch");
        }
        add(fd);
    }

    private void add(int fd) {
        fields.putInt(descriptors * POLLFD_BYTES, fd).putShort(descriptors * POLLFD_BYTES + 4, POLLIN);
        descriptors++;
    }

    @Override
    public void wake() {
        // One writer per sleep is enough, and an awake owner costs its callers one volatile read.
        if (asleep.get() && asleep.compareAndSet(true, false)) {
            LibC.write(wakeFd, memory.address() + WRITE_AT, 8);
        }
    }

    @Override
    public void announceSleep() {
        asleep.set(true);
    }

    @Override
    public void stayAwake() {
        asleep.set(false);
    }

    /** A signal ends it early. */
    @Override
    public void sleep(long timeoutNs) {
        long timeout = 0;
        if (timeoutNs >= 0) {
            fields.putLong(TIMEOUT_AT, timeoutNs / SECOND_NS).putLong(TIMEOUT_AT + 8, timeoutNs % SECOND_NS);
            timeout = memory.address() + TIMEOUT_AT;
        }
        LibC.ppoll(memory.address(), descriptors, timeout, 0);
        counters.entered();
        counters.slept();
        if (!asleep.getAndSet(false)) {
            counters.woken();
        }
        LibC.read(wakeFd, memory.address() + READ_AT, 8);
    }

    @Override
    public LoopCounters counters() {
        return counters;
    }

    @Override
    public void close() {
        LibC.close(wakeFd);
        memory.close();
    }
}
