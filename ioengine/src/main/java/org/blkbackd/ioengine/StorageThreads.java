// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine;

import java.util.ArrayDeque;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Threads for calls that wait for storage. So many are at work at a time, others wait for their turn; one that takes
 * long does not count as at work any more, so that however many calls wait for a server that is dead, those to another
 * go on. Thread-safe.
 */
public final class StorageThreads implements AutoCloseable {

    private static final int AT_WORK = 64;
    private static final long LONG_MS = 1_000;
    private static final int MOST = 1_024;
    private static final long IDLE_S = 5;

    private final int mostAtWork;
    private final long longMs;
    private final int most;
    private final ThreadPoolExecutor threads;
    private final ScheduledThreadPoolExecutor clock;
    private final ArrayDeque<Runnable> waiting = new ArrayDeque<>();
    private int atWork;
    private int all;

    /** @param name of the threads, which are numbered */
    public StorageThreads(String name) {
        this(name, AT_WORK, LONG_MS, MOST);
    }

    /**
     * @param mostAtWork calls at a time
     * @param longMs     after which a call is taken for one that waits for dead storage
     * @param most       calls of both kinds: whoever asks that often of dead storage waits with it
     */
    StorageThreads(String name, int mostAtWork, long longMs, int most) {
        this.mostAtWork = mostAtWork;
        this.longMs = longMs;
        this.most = most;
        AtomicInteger number = new AtomicInteger();
        ThreadFactory factory = work -> {
            Thread thread = new Thread(work, name + "-" + number.incrementAndGet());
            thread.setDaemon(true);
            return thread;
        };
        threads = new ThreadPoolExecutor(0, Integer.MAX_VALUE, IDLE_S, TimeUnit.SECONDS, new SynchronousQueue<>(),
            factory);
        clock = new ScheduledThreadPoolExecutor(1, factory);
        clock.setRemoveOnCancelPolicy(true);
        clock.setKeepAliveTime(IDLE_S, TimeUnit.SECONDS);
        clock.allowCoreThreadTimeOut(true);
    }

    /** Runs {@code call} soon. */
    public synchronized void execute(Runnable call) {
        waiting.add(call);
        begin();
    }

    private void begin() {
        for (Call call = take(); call != null; call = take()) {
            try {
                threads.execute(call);
            } catch (OutOfMemoryError e) {
                // there are no threads to be had: when a call ends it is tried again
                call.noLongerAtWork();
                all--;
                waiting.addFirst(call.work);
                return;
            }
        }
    }

    /** What is to be begun now, counted as at work, or null. */
    private Call take() {
        if (atWork == mostAtWork || all == most || waiting.isEmpty() || threads.isShutdown()) {
            return null;
        }
        atWork++;
        all++;
        return new Call(waiting.poll());
    }

    /** Its thread goes on with what this returns, or else ends. It is not idle yet: another would be begun. */
    private synchronized Call ended(Call call) {
        call.noLongerAtWork();
        all--;
        Call next = take();
        begin();
        return next;
    }

    /** What waits is not begun any more; what is at work is not waited for. */
    @Override
    public synchronized void close() {
        threads.shutdown();
        clock.shutdownNow();
    }

    private final class Call implements Runnable {

        private final Runnable work;
        private boolean counts = true;

        Call(Runnable work) {
            this.work = work;
        }

        @Override
        public void run() {
            for (Call call = this; call != null; call = ended(call)) {
                call.perform();
            }
        }

        private void perform() {
            Future<?> alarm = alarm();
            try {
                work.run();
            } catch (RuntimeException | Error e) {
                Thread thread = Thread.currentThread();
                thread.getUncaughtExceptionHandler().uncaughtException(thread, e);
            }
            if (alarm != null) {
                alarm.cancel(false);
            }
        }

        /** Null when nothing else is to be begun. */
        private Future<?> alarm() {
            synchronized (StorageThreads.this) {
                return threads.isShutdown() ? null
                    : clock.schedule(this::takesLong, longMs, TimeUnit.MILLISECONDS);
            }
        }

        private void takesLong() {
            synchronized (StorageThreads.this) {
                noLongerAtWork();
                begin();
            }
        }

        private void noLongerAtWork() {
            if (counts) {
                counts = false;
                atWork--;
            }
        }
    }
}
