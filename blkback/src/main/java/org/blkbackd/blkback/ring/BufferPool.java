// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.ring;

import java.nio.ByteBuffer;
import org.blkbackd.ioengine.IoMemory;

/**
 * A worker's buffers of one size, known by their numbers. Last in, first out, so that a quiet worker touches few of
 * them. Owned by its worker.
 *
 * <p>Rings take turns when buffers run short: the first that asks for more than there are is served before any other
 * gets one, so that many small requests of one guest cannot starve a large one of another.
 */
final class BufferPool implements AutoCloseable {

    private final IoMemory memory;
    private final int size;
    private final int[] free;
    private int count;
    private Object first;

    /** @param size bytes of one buffer */
    BufferPool(int buffers, int size) {
        this.size = size;
        memory = IoMemory.allocate((long) buffers * size);
        free = new int[buffers];
        for (int i = buffers - 1; i >= 0; i--) {
            give(i);
        }
    }

    /** Whether {@code asker} may take as many buffers now; if not, it is the next to be served, or waits behind it. */
    boolean grants(Object asker, int buffers) {
        if (first != null && first != asker) {
            return false;
        }
        first = count < buffers ? asker : null;
        return first == null;
    }

    /** {@code asker} wants nothing more. */
    void forget(Object asker) {
        if (first == asker) {
            first = null;
        }
    }

    /** A buffer with whatever it last held; only after {@link #grants}. */
    int take() {
        return free[--count];
    }

    void give(int buffer) {
        free[count++] = buffer;
    }

    /** Buffers that nobody has. */
    int free() {
        return count;
    }

    /** Native address of a buffer. */
    long address(int buffer) {
        return memory.address() + offset(buffer);
    }

    /** Where a buffer begins in {@link #view}. */
    int offset(int buffer) {
        return buffer * size;
    }

    /** All buffers, little-endian. */
    ByteBuffer view() {
        return memory.buffer(0, free.length * size);
    }

    @Override
    public void close() {
        memory.close();
    }
}
