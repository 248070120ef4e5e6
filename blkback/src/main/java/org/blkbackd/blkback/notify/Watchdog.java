// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.notify;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Signs of life for the service manager, given only while every thread of the daemon answers. Twice in the manager's
 * interval each thread is asked; one that does not answer stops the signs, and the manager starts the daemon over.
 */
public final class Watchdog implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Watchdog.class);

    private final NotifySocket manager;
    private final Map<String, Executor> threads;
    private final long pauseMs;
    private final Thread thread = new Thread(this::run, "blkbackd-watchdog");

    private Watchdog(NotifySocket manager, Map<String, Executor> threads) {
        this.manager = manager;
        this.threads = Map.copyOf(threads);
        pauseMs = Math.max(1, manager.watchdog().toMillis() / 2);
    }

    /**
     * Starts to give signs of life, if {@code manager} wants any.
     *
     * @param threads each runs what it is given on the thread that the name is of, as soon as that thread can
     */
    public static Watchdog start(NotifySocket manager, Map<String, Executor> threads) {
        Watchdog watchdog = new Watchdog(manager, threads);
        if (manager.watchdog().compareTo(Duration.ZERO) > 0) {
            watchdog.thread.setDaemon(true);
            watchdog.thread.start();
        }
        return watchdog;
    }

    private void run() {
        try {
            while (true) {
                awaitAnswers();
                manager.alive();
                Thread.sleep(pauseMs);
            }
        } catch (InterruptedException e) {
            // closed
        }
    }

    /** Does not ask again before everybody has answered: a thread that hangs is not to find a heap of questions. */
    private void awaitAnswers() throws InterruptedException {
        List<Question> questions = new ArrayList<>();
        threads.forEach((name, executor) -> questions.add(new Question(name, executor)));
        long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(pauseMs);
        for (Question question : questions) {
            if (!question.answered.await(deadline - System.nanoTime(), TimeUnit.NANOSECONDS)) {
                LOG.error("{} does not answer; no signs of life until it does", question.name);
                question.answered.await();
            }
        }
    }

    /** No more signs of life. */
    @Override
    public void close() {
        thread.interrupt();
    }

    /** One question to one thread. */
    private static final class Question {

        private final String name;
        private final CountDownLatch answered = new CountDownLatch(1);

        private Question(String name, Executor executor) {
            this.name = name;
            executor.execute(answered::countDown);
        }
    }
}
