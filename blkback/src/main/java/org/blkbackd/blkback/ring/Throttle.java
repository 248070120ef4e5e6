// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.ring;

import java.util.concurrent.atomic.AtomicLong;
import org.blkbackd.blkback.blkif.RateLimits;

/**
 * Keeps a disk to its {@link RateLimits}: two buckets, of requests and of bytes, shared by the disk's rings on whatever
 * threads those have. A ring takes nothing while a bucket is empty, and what it takes is charged whole, so that a
 * bucket may owe the largest request of each ring.
 *
 * <p>A bucket is one number: the time at which it will be full of its burst again, on {@code System.nanoTime()}'s
 * scale, moved on by each charge (the generic cell rate algorithm of ATM). No timer fills anything.
 */
public final class Throttle {

    private static final long SECOND_NS = 1_000_000_000L;
    private static final long DEFAULT_BURST_PER_SECOND = 10;
    /** A century: differences of times stay far from overflow. */
    private static final long LONGEST_NS = 100L * 365 * 24 * 3600 * SECOND_NS;

    private volatile RateLimits limits;
    private final AtomicLong requestsFullAt;
    private final AtomicLong bytesFullAt;

    /** Full buckets. */
    public Throttle(RateLimits limits) {
        this.limits = limits;
        long now = System.nanoTime();
        requestsFullAt = new AtomicLong(now);
        bytesFullAt = new AtomicLong(now);
    }

    /** What holds now. */
    public RateLimits limits() {
        return limits;
    }

    /** Holds from now on, with full buckets; any thread. */
    public void limits(RateLimits changed) {
        limits = changed;
        long now = System.nanoTime();
        requestsFullAt.set(now);
        bytesFullAt.set(now);
    }

    /** Nanoseconds until something may be taken; 0 when it may be now. */
    long waitNs(long now) {
        RateLimits in = limits;
        long wait = 0;
        if (in.iops() > 0) {
            wait = waitNs(requestsFullAt.get(), now, in.iops(), in.iopsBurst());
        }
        if (in.bandwidth() > 0) {
            wait = Math.max(wait, waitNs(bytesFullAt.get(), now, in.bandwidth(), in.bandwidthBurst()));
        }
        return wait;
    }

    private static long waitNs(long fullAt, long now, long rate, long burst) {
        long saved = burst > 0 ? ns(burst, rate) : SECOND_NS / DEFAULT_BURST_PER_SECOND;
        // The smallest bucket holds one request.
        return Math.max(0, fullAt - now - Math.max(saved, ns(1, rate)) + 1);
    }

    /** Takes one request of so many bytes out of the buckets. */
    void charge(long bytes, long now) {
        RateLimits in = limits;
        if (in.iops() > 0) {
            charge(requestsFullAt, now, ns(1, in.iops()));
        }
        if (in.bandwidth() > 0 && bytes > 0) {
            charge(bytesFullAt, now, ns(bytes, in.bandwidth()));
        }
    }

    private static void charge(AtomicLong fullAt, long now, long ns) {
        long old = fullAt.get();
        while (!fullAt.compareAndSet(old, (old - now > 0 ? old : now) + ns)) {
            old = fullAt.get();
        }
    }

    /** How long the rate takes for this amount. */
    private static long ns(long amount, long rate) {
        return (long) Math.min((double) amount * SECOND_NS / rate, LONGEST_NS);
    }
}
