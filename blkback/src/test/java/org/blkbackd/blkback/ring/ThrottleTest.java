// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.ring;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.blkbackd.blkback.blkif.RateLimits;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** On a clock that the test moves. */
class ThrottleTest {

    private static final long SECOND = 1_000_000_000L;

    /** Later than anything that the throttle itself has seen. */
    private long now = System.nanoTime() + 1000 * SECOND;

    /** How many requests get through until the clock is there, when the guest always wants more. */
    private long taken(Throttle throttle, long bytes, long until) {
        long count = 0;
        while (true) {
            long wait = throttle.waitNs(now);
            if (wait > until - now) {
                now = until;
                return count;
            }
            now += wait;
            assertEquals(0, throttle.waitNs(now), "when the wait is over, it is over");
            throttle.charge(bytes, now);
            count++;
        }
    }

    @Test
    void withoutLimitsNothingWaits() {
        Throttle throttle = new Throttle(RateLimits.NONE);
        for (int i = 0; i < 1_000_000; i++) {
            throttle.charge(1 << 20, now);
        }
        assertEquals(0, throttle.waitNs(now));
    }

    @ParameterizedTest
    @CsvSource({"1, 1", "1, 10", "100, 5", "1000, 0", "50000, 100000", "1000000, 1"})
    void requestsAreAsManyAsTheRateAndTheBurstAllow(long iops, long burst) {
        Throttle throttle = new Throttle(new RateLimits(iops, burst, 0, 0));
        long saved = Math.max(1, burst > 0 ? burst : iops / 10);
        assertEquals(saved + 4 * iops, taken(throttle, 4096, now + 4 * SECOND), 2);
        now += 1000 * SECOND;
        assertEquals(saved, taken(throttle, 4096, now), 1, "a rest fills the bucket, and no more than that");
    }

    @ParameterizedTest
    @CsvSource({"1048576, 0, 4096", "10485760, 1048576, 65536", "1000, 0, 1048576"})
    void bytesAreAsManyAsTheRateAllowsAndARequestMore(long bandwidth, long burst, long bytes) {
        Throttle throttle = new Throttle(new RateLimits(0, 0, bandwidth, burst));
        long moved = bytes * taken(throttle, bytes, now + 100 * SECOND);
        long saved = burst > 0 ? burst : bandwidth / 10;
        assertTrue(moved >= 100 * bandwidth, "only " + moved);
        assertTrue(moved <= 100 * bandwidth + saved + bytes, "as much as " + moved);
    }

    @Test
    void aBurstThatLastsForCenturiesIsNoLimit() {
        Throttle throttle = new Throttle(RateLimits.parse("iops=1,iops-burst=1T,bandwidth=1,bandwidth-burst=1T"));
        for (int i = 0; i < 1000; i++) {
            assertEquals(0, throttle.waitNs(now));
            throttle.charge(1 << 20, now);
        }
    }

    @Test
    void theNarrowerOfTwoLimitsCounts() {
        RateLimits both = new RateLimits(100, 1, 1 << 20, 1);
        assertEquals(1000, taken(new Throttle(both), 512, now + 10 * SECOND), 2);
        now += 1000 * SECOND;
        assertEquals(160, taken(new Throttle(both), 65536, now + 10 * SECOND), 2);
    }

    @Test
    void flushesAndDiscardsMoveNothing() {
        Throttle throttle = new Throttle(new RateLimits(0, 0, 1, 1));
        for (int i = 0; i < 100; i++) {
            assertEquals(0, throttle.waitNs(now));
            throttle.charge(0, now);
        }
    }

    @Test
    void aChangeForgetsWhatWasOwed() {
        Throttle throttle = new Throttle(new RateLimits(1, 1, 0, 0));
        for (int i = 0; i < 1000; i++) {
            throttle.charge(0, now);
        }
        assertTrue(throttle.waitNs(now) > 900 * SECOND);
        throttle.limits(new RateLimits(10, 1, 0, 0));
        assertEquals(0, throttle.waitNs(now));
    }

    @Test
    void threadsThatShareItGetTogetherWhatOneGets() throws InterruptedException {
        Throttle throttle = new Throttle(new RateLimits(1000, 1, 0, 0));
        long seed = new Random().nextLong();
        System.out.println("ThrottleTest: seed " + seed);
        Thread[] threads = new Thread[4];
        long at = now;
        for (int i = 0; i < threads.length; i++) {
            Random random = new Random(seed + i);
            threads[i] = new Thread(() -> random.ints(10_000, 0, 2).forEach(bytes -> throttle.charge(bytes, at)));
            threads[i].start();
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertEquals(40 * SECOND, throttle.waitNs(at), SECOND / 1000.0, "40,000 requests at 1000 in a second");
    }
}
