// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.cli;

import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Closes the daemon when the process is told to stop, SIGTERM and SIGINT alike, and ends the process with 0 when that
 * went well. Left alone the JVM ends with 143, which service managers count as a failure.
 *
 * <p>A signal that comes while the daemon starts waits for the start to end.
 */
final class StopOnSignal {

    private static final Logger LOG = LoggerFactory.getLogger(StopOnSignal.class);
    private static final long START_TIMEOUT_S = 30;

    /** Completed with null when the start failed: then there is nothing to close. */
    private final CompletableFuture<AutoCloseable> daemon = new CompletableFuture<>();

    private StopOnSignal() {
    }

    /** Starts the daemon and blocks until the process ends. Throws what the start throws. */
    static void serve(Callable<AutoCloseable> start) throws Exception {
        StopOnSignal stop = new StopOnSignal();
        Runtime.getRuntime().addShutdownHook(new Thread(stop::onShutdown, "stop"));
        try {
            stop.daemon.complete(start.call());
        } finally {
            stop.daemon.complete(null);
        }
        new CountDownLatch(1).await();
    }

    /** Runs in the JVM's shutdown hook. The exit status is decided by then, and only halt can still change it. */
    private void onShutdown() {
        int status = Blkbackd.FAILED;
        try {
            AutoCloseable running = daemon.get(START_TIMEOUT_S, TimeUnit.SECONDS);
            if (running == null) {
                return;
            }
            LOG.info("stopping");
            running.close();
            LOG.info("stopped");
            status = Blkbackd.OK;
        } catch (TimeoutException e) {
            LOG.error("told to stop, but the start has not ended after {} s", START_TIMEOUT_S);
        } catch (Exception e) {
            LOG.error("cannot stop cleanly", e);
        }
        Runtime.getRuntime().halt(status);
    }
}
