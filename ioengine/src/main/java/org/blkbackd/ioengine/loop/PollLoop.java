// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.loop;

import java.nio.ByteBuffer;
import org.blkbackd.ioengine.IoLoop;
import org.blkbackd.ioengine.IoMemory;
import org.blkbackd.ioengine.LibC;
import org.blkbackd.ioengine.LoopCounters;

/** Sleeps in ppoll(2), on the watched descriptors and an eventfd of its own; engines complete in other threads. */
public final class PollLoop implements IoLoop {

    private static final short POLLIN = 1;
    /** struct pollfd: the descriptor, 2 bytes of events, 2 of what came. */
    private static final int POLLFD_BYTES = 8;
    /** struct timespec: seconds, nanoseconds. */
    private static final int TIMEOUT_AT = POLLFD_BYTES * (1 + MOST_WATCHED);
    private static final int BYTES = TIMEOUT_AT + 16;
    private static final long SECOND_NS = 1_000_000_000;

    private final IoMemory memory = IoMemory.allocate(BYTES);
    private final ByteBuffer fields = memory.buffer(0, BYTES);
    private final WakeEvent event;
    private final LoopCounters counters = new LoopCounters();
    private int descriptors;

    /** Throws IllegalStateException when the system gives no eventfd. */
    public PollLoop() {
        try {
            event = new WakeEvent();
        } catch (IllegalStateException e) {
            memory.close();
            throw e;
        }
        add(event.fd());
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
        event.wake();
    }

    @Override
    public void announceSleep() {
        event.announce();
    }

    @Override
    public void stayAwake() {
        event.end();
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
        if (event.end()) {
            counters.woken();
        }
        event.clear();
    }

    @Override
    public LoopCounters counters() {
        return counters;
    }

    @Override
    public void close() {
        event.close();
        memory.close();
    }
}
