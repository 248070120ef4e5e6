// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.ring;

import org.blkbackd.blkback.blkif.Blkif;
import org.blkbackd.ioengine.IoMemory;

/**
 * A worker's data buffers: page-aligned, each as large as the largest request. Last in, first out, so that a quiet
 * worker touches few of them. Owned by its worker.
 */
final class BufferPool implements AutoCloseable {

    /** Bytes of one buffer. */
    static final int BUFFER_SIZE = Blkif.MAX_SEGMENTS * Blkif.PAGE_SIZE;

    private final IoMemory memory;
    private final long[] free;
    private int count;

    BufferPool(int buffers) {
        memory = IoMemory.allocate((long) buffers * BUFFER_SIZE);
        free = new long[buffers];
        for (int i = buffers - 1; i >= 0; i--) {
            give(memory.address() + (long) i * BUFFER_SIZE);
        }
    }

    boolean isEmpty() {
        return count == 0;
    }

    /** Address of a buffer with whatever it last held; only when not {@link #isEmpty}. */
    long take() {
        return free[--count];
    }

    void give(long address) {
        free[count++] = address;
    }

    @Override
    public void close() {
        memory.close();
    }
}
