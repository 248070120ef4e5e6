// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine;

import java.util.concurrent.atomic.AtomicInteger;

/** Counts a disk's engines, so that the disk cannot be closed under one of them. Thread-safe. */
public final class OpenEngines {

    private static final int CLOSED = Integer.MIN_VALUE;

    private final AtomicInteger count = new AtomicInteger();

    /** Checks the depth and counts one more. Throws IllegalStateException once the disk is closed. */
    public void opened(int depth) {
        if (depth < 1) {
            throw new IllegalArgumentException("a depth of " + depth);
        }
        count.updateAndGet(n -> {
            if (n < 0) {
                throw new IllegalStateException("the disk is closed");
            }
            return n + 1;
        });
    }

    /** Throws IllegalStateException once the disk is closed. */
    public void requireOpen() {
        if (count.get() < 0) {
            throw new IllegalStateException("the disk is closed");
        }
    }

    /** One engine less. */
    public void closed() {
        count.decrementAndGet();
    }

    /** False when the disk was closed before. Throws IllegalStateException while engines are open. */
    public boolean closeDisk() {
        return count.getAndUpdate(n -> {
            if (n > 0) {
                throw new IllegalStateException(n + " engines are open");
            }
            return CLOSED;
        }) != CLOSED;
    }
}
