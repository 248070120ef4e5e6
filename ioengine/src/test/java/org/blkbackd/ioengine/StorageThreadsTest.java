// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Storage that is dead, and storage that is not. */
class StorageThreadsTest {

    private static final int PATIENCE_S = 30;
    private static final int AT_WORK = 8;
    private static final int MOST = 50;

    private final StorageThreads threads = new StorageThreads("storage-threads-test", AT_WORK, 50, MOST);
    private final CountDownLatch alive = new CountDownLatch(1);
    private final AtomicInteger waiting = new AtomicInteger();

    @AfterEach
    void end() {
        alive.countDown();
        threads.close();
    }

    private void waitForDeadStorage() {
        waiting.incrementAndGet();
        try {
            alive.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private void until(int count) throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_S);
        while (waiting.get() != count && System.nanoTime() - deadline < 0) {
            Thread.sleep(1);
        }
        assertEquals(count, waiting.get());
    }

    private void deadCalls(int count) {
        for (int i = 0; i < count; i++) {
            threads.execute(this::waitForDeadStorage);
        }
    }

    @Test
    void soManyAreAtWorkAtATime() throws InterruptedException {
        StorageThreads patient = new StorageThreads("storage-threads-test", AT_WORK, 60_000, MOST);
        AtomicInteger now = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        CountDownLatch done = new CountDownLatch(2_000);
        for (int i = 0; i < 2_000; i++) {
            patient.execute(() -> {
                most.accumulateAndGet(now.incrementAndGet(), Math::max);
                Thread.onSpinWait();
                now.decrementAndGet();
                done.countDown();
            });
        }
        assertTrue(done.await(PATIENCE_S, TimeUnit.SECONDS));
        assertTrue(most.get() <= AT_WORK, most + " at a time");
        patient.close();
    }

    @Test
    void callsToDeadStorageKeepNoOtherWaiting() throws InterruptedException {
        deadCalls(5 * AT_WORK);
        CountDownLatch done = new CountDownLatch(1);
        threads.execute(done::countDown);
        assertTrue(done.await(PATIENCE_S, TimeUnit.SECONDS));
        until(5 * AT_WORK);
    }

    @Test
    void thereAreNotMoreThanTheMost() throws InterruptedException {
        deadCalls(MOST + 1);
        until(MOST);
        alive.countDown();
        until(MOST + 1);
    }

    @Test
    void aCallThatFailsGivesItsPlaceBack() throws InterruptedException {
        for (int i = 0; i < 2 * AT_WORK; i++) {
            threads.execute(() -> {
                Thread.currentThread().setUncaughtExceptionHandler((thread, expected) -> { });
                throw new IllegalStateException("as expected");
            });
        }
        CountDownLatch done = new CountDownLatch(1);
        threads.execute(done::countDown);
        assertTrue(done.await(PATIENCE_S, TimeUnit.SECONDS));
    }

    @Test
    void whatWaitsWhenItIsClosedIsNotBegun() throws InterruptedException {
        deadCalls(AT_WORK + 1);
        threads.close();
        alive.countDown();
        until(AT_WORK);
        Thread.sleep(100);
        assertEquals(AT_WORK, waiting.get());
    }
}
