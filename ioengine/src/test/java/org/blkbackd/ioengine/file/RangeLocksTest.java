// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class RangeLocksTest {

    private static final int SLOTS = 4;

    private final RangeLocks locks = new RangeLocks(SLOTS);

    @Test
    void letsThroughWhatDoesNotConflict() {
        locks.acquire(0, 0, 4096, true);
        locks.acquire(1, 4096, 8192, true);
        locks.acquire(2, 8192, 16384, false);
        locks.acquire(3, 12288, 20480, false);
        for (int slot = 0; slot < SLOTS; slot++) {
            locks.release(slot);
        }
    }

    @Test
    void keepsTheOrderOfConflictingRanges() throws Exception {
        locks.acquire(0, 0, 8192, false);
        CountDownLatch writerIn = new CountDownLatch(1);
        CountDownLatch sharerIn = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        Thread writer = waiter(1, true, writerIn, go);
        Thread sharer = waiter(2, false, sharerIn, null);
        assertFalse(sharerIn.await(50, TimeUnit.MILLISECONDS), "a sharer overtook the writer that waits");
        locks.release(0);
        assertTrue(writerIn.await(30, TimeUnit.SECONDS));
        assertFalse(sharerIn.await(50, TimeUnit.MILLISECONDS), "a sharer came in beside the writer");
        go.countDown();
        assertTrue(sharerIn.await(30, TimeUnit.SECONDS));
        writer.join();
        sharer.join();
    }

    /** Counters that are not atomic: a lock that does not exclude loses increments. */
    @Test
    void excludesUnderRandomLoad() throws Exception {
        long seed = new Random().nextLong();
        int[] cells = new int[8];
        Thread[] threads = new Thread[SLOTS];
        int[] expected = new int[SLOTS * cells.length];
        for (int slot = 0; slot < SLOTS; slot++) {
            int mine = slot;
            threads[slot] = new Thread(() -> increment(mine, new Random(seed + mine), cells, expected));
            threads[slot].setDaemon(true);
            threads[slot].start();
        }
        for (Thread thread : threads) {
            thread.join(30_000);
            assertFalse(thread.isAlive(), "dead-locked, seed " + seed);
        }
        for (int cell = 0; cell < cells.length; cell++) {
            int sum = 0;
            for (int slot = 0; slot < SLOTS; slot++) {
                sum += expected[slot * cells.length + cell];
            }
            assertEquals(sum, cells[cell], "cell " + cell + ", seed " + seed);
        }
    }

    private void increment(int slot, Random random, int[] cells, int[] expected) {
        for (int i = 0; i < 5000; i++) {
            int first = random.nextInt(cells.length);
            int last = first + 1 + random.nextInt(cells.length - first);
            locks.acquire(slot, first, last, true);
            for (int cell = first; cell < last; cell++) {
                int before = cells[cell];
                Thread.onSpinWait();
                cells[cell] = before + 1;
                expected[slot * cells.length + cell]++;
            }
            locks.release(slot);
        }
    }

    /** Returns once the thread waits for the lock. */
    private Thread waiter(int slot, boolean exclusive, CountDownLatch in, CountDownLatch go) throws Exception {
        Thread thread = new Thread(() -> {
            locks.acquire(slot, 4096, 8192, exclusive);
            in.countDown();
            if (go != null) {
                FlushTest.await(go);
            }
            locks.release(slot);
        });
        thread.setDaemon(true);
        thread.start();
        long deadline = System.nanoTime() + 30_000_000_000L;
        while (thread.getState() != Thread.State.WAITING) {
            assertTrue(System.nanoTime() < deadline && in.getCount() == 1, "it does not wait for the lock");
            Thread.sleep(1);
        }
        return thread;
    }
}
