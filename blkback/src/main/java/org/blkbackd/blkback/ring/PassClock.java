// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.ring;

/**
 * {@code System.nanoTime}, read at most once in a ring's pass. Elsewhere a read costs next to nothing; in a PV dom0,
 * where processes cannot read Xen's clock, it is a system call. Owned by a worker.
 */
final class PassClock {

    private long now;
    private boolean known;

    /** Nanoseconds, the same until {@link #next}. */
    long now() {
        if (!known) {
            now = System.nanoTime();
            known = true;
        }
        return now;
    }

    /** Another pass begins. */
    void next() {
        known = false;
    }
}
