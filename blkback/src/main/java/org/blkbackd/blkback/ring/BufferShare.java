// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.ring;

/** One ring's part of its worker's {@link BufferPool}: a reserve of its own, and what is left of the common part. */
final class BufferShare {

    private final BufferPool pool;
    private final int reserve;
    private int held;

    BufferShare(BufferPool pool, int reserve) {
        this.pool = pool;
        this.reserve = reserve;
    }

    /** Whether as many buffers may be taken now; always within the reserve. */
    boolean grants(int buffers) {
        int then = beyond(held + buffers);
        return then == 0 || pool.grantsCommon(beyond(held), then, held > 0);
    }

    private int beyond(int buffers) {
        return Math.max(0, buffers - reserve);
    }

    /** A buffer with whatever it last held; only as many as were granted. */
    int take() {
        if (held++ == 0) {
            pool.holders(1);
        }
        if (held > reserve) {
            pool.usedCommon(1);
        }
        return pool.take();
    }

    void give(int buffer) {
        if (held > reserve) {
            pool.usedCommon(-1);
        }
        if (--held == 0) {
            pool.holders(-1);
        }
        pool.give(buffer);
    }

    /** The pool, for the buffers' addresses. */
    BufferPool pool() {
        return pool;
    }

    /** Nothing is taken. */
    boolean isUnused() {
        return held == 0;
    }

    /** The ring is released; it holds nothing. */
    void close() {
        if (held != 0) {
            throw new IllegalStateException(held + " buffers are still held");
        }
        pool.closed();
    }
}
