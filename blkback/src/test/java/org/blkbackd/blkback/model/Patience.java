// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.model;

import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/** Waits in small pieces, and not for ever. */
final class Patience {

    private final long deadlineNs;

    Patience(long ms) {
        deadlineNs = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(ms);
    }

    /** Lets others run for a moment; throws {@link BrokenRule} when time is up. */
    void pause(Supplier<String> stuck) {
        BrokenRule.require(System.nanoTime() < deadlineNs, stuck.get());
        try {
            Thread.sleep(0, 100_000);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
