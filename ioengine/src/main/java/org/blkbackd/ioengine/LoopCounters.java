// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine;

import java.util.concurrent.atomic.AtomicLong;

/** What an {@link IoLoop} has cost so far. Written by the loop's owner, read by anybody. */
public final class LoopCounters {

    private final AtomicLong enters = new AtomicLong();
    private final AtomicLong sleeps = new AtomicLong();
    private final AtomicLong wakeups = new AtomicLong();

    /** Calls into the kernel to start requests, to collect them or to sleep. */
    public long enters() {
        return enters.getOpaque();
    }

    /** Those among them that may have slept. */
    public long sleeps() {
        return sleeps.getOpaque();
    }

    /** Sleeps that {@link IoLoop#wake} ended. */
    public long wakeups() {
        return wakeups.getOpaque();
    }

    /** For loops. */
    public void entered() {
        increment(enters);
    }

    /** For loops. */
    public void slept() {
        increment(sleeps);
    }

    /** For loops. */
    public void woken() {
        increment(wakeups);
    }

    /** One writer: no atomic addition is needed. */
    private static void increment(AtomicLong counter) {
        counter.setOpaque(counter.getPlain() + 1);
    }
}
