// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What every loop promises. A wake-up that is lost shows as a hang, which ends after a while. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
public abstract class IoLoopContract {

    private static final int EFD_CLOEXEC_NONBLOCK = 0x80800;
    private static final long SHORT_NS = 2_000_000;

    private final IoMemory memory = IoMemory.allocate(16);
    private final int fd = LibC.eventfd(0, EFD_CLOEXEC_NONBLOCK);
    private final IoLoop loop = open();

    protected abstract IoLoop open();

    @AfterEach
    void close() {
        loop.close();
        LibC.close(fd);
        memory.close();
    }

    @Test
    void sleepsNoLongerThanItIsTold() {
        long began = System.nanoTime();
        loop.announceSleep();
        loop.sleep(SHORT_NS);
        assertTrue(System.nanoTime() - began >= SHORT_NS);
        loop.announceSleep();
        loop.sleep(0);
        assertTrue(loop.counters().enters() >= loop.counters().sleeps());
        assertEquals(2, loop.counters().sleeps());
        assertEquals(0, loop.counters().wakeups());
    }

    @Test
    void aWakeUpAfterTheAnnouncementEndsTheSleep() {
        for (int i = 1; i <= 100; i++) {
            loop.announceSleep();
            loop.wake();
            loop.sleep(IoLoop.FOR_EVER);
            assertEquals(i, loop.counters().wakeups());
        }
    }

    @Test
    void aWakeUpOfAnOwnerThatIsAwakeIsForgotten() {
        loop.wake();
        loop.announceSleep();
        loop.stayAwake();
        loop.wake();
        long began = System.nanoTime();
        loop.announceSleep();
        loop.sleep(SHORT_NS);
        assertTrue(System.nanoTime() - began >= SHORT_NS);
        assertEquals(0, loop.counters().wakeups());
    }

    /** The sleeper must see every number that was set before a wake-up. */
    @Test
    void losesNoWakeUpOfAnotherThread() throws Exception {
        int rounds = 2_000;
        AtomicInteger work = new AtomicInteger();
        AtomicInteger seen = new AtomicInteger();
        Thread other = new Thread(() -> {
            for (int i = 1; i <= rounds; i++) {
                work.set(i);
                loop.wake();
                while (seen.get() < i) {
                    Thread.onSpinWait();
                    Thread.yield();
                }
            }
        });
        other.start();
        while (seen.get() < rounds) {
            loop.announceSleep();
            if (work.get() > seen.get()) {
                loop.stayAwake();
            } else {
                loop.sleep(IoLoop.FOR_EVER);
            }
            seen.set(work.get());
        }
        other.join();
        assertFalse(loop.counters().wakeups() > rounds);
    }

    @Test
    void aDescriptorThatBecomesReadableEndsTheSleep() throws Exception {
        loop.watch(fd);
        for (int i = 0; i < 50; i++) {
            CountDownLatch asleep = new CountDownLatch(1);
            Thread other = new Thread(() -> {
                try {
                    assertTrue(asleep.await(30, TimeUnit.SECONDS));
                } catch (InterruptedException e) {
                    throw new AssertionError(e);
                }
                signal();
            });
            other.start();
            loop.announceSleep();
            asleep.countDown();
            loop.sleep(IoLoop.FOR_EVER);
            other.join();
            drain();
        }
        assertEquals(0, loop.counters().wakeups());
    }

    @Test
    void aDescriptorThatIsReadableBeforeItIsWatchedEndsTheSleep() {
        signal();
        loop.watch(fd);
        loop.announceSleep();
        loop.sleep(IoLoop.FOR_EVER);
        drain();
    }

    /** It may say so when nothing is; but whoever reads only when it does, misses nothing. */
    @Test
    void saysWhenADescriptorMayBeReadable() {
        loop.watch(fd);
        for (int i = 0; i < 50; i++) {
            if (i % 2 == 0) {
                loop.announceSleep();
                loop.sleep(0);
            }
            if (loop.mayBeReadable()) {
                LibC.read(fd, memory.address() + 8, 8);
            }
            signal();
            assertTrue(loop.mayBeReadable(), "round " + i);
            drain();
        }
    }

    /** What was seen after the announcement is not forgotten by the sleep. */
    @Test
    void doesNotSleepWhenADescriptorBecameReadableAfterTheAnnouncement() {
        loop.watch(fd);
        for (int i = 0; i < 50; i++) {
            loop.announceSleep();
            loop.mayBeReadable();
            signal();
            loop.mayBeReadable();
            loop.sleep(IoLoop.FOR_EVER);
            drain();
        }
    }

    @Test
    void watchesAsManyDescriptorsAsItSays() {
        for (int i = 0; i < IoLoop.MOST_WATCHED; i++) {
            loop.watch(fd);
        }
        assertThrows(IllegalStateException.class, () -> loop.watch(fd));
        signal();
        loop.announceSleep();
        loop.sleep(IoLoop.FOR_EVER);
    }

    private void signal() {
        memory.buffer(0, 8).putLong(0, 1);
        assertEquals(8, LibC.write(fd, memory.address(), 8));
    }

    private void drain() {
        assertEquals(8, LibC.read(fd, memory.address() + 8, 8));
    }
}
