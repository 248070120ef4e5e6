// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine;

import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/** A loop that counts its wake-ups, or does with them what a test likes; nobody need announce a sleep. */
public final class SleepingLoop implements IoLoop {

    private final Semaphore wakeups = new Semaphore(0);
    private final LoopCounters counters = new LoopCounters();
    private final Wakeup wakeup;

    public SleepingLoop() {
        wakeup = wakeups::release;
    }

    /** {@code wakeup} is called for each wake-up; {@link #sleep} is not for such a loop. */
    public SleepingLoop(Wakeup wakeup) {
        this.wakeup = wakeup;
    }

    @Override
    public void watch(int fd) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void wake() {
        wakeup.wake();
    }

    @Override
    public void announceSleep() {
        // a wake-up before the sleep ends it at once
    }

    @Override
    public void stayAwake() {
        // as above
    }

    @Override
    public void sleep(long timeoutNs) {
        try {
            if (wakeups.tryAcquire(timeoutNs, TimeUnit.NANOSECONDS)) {
                counters.woken();
            }
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Override
    public LoopCounters counters() {
        return counters;
    }

    @Override
    public void close() {
        // nothing to give back
    }
}
