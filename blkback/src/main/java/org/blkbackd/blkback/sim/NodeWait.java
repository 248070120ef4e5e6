// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.sim;

import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Predicate;
import org.blkbackd.xenstore.Watch;
import org.blkbackd.xenstore.Xenstore;

/** Waits until a node says what is wanted, as libxl and the kernel do: on a watch, looking at each event. */
final class NodeWait {

    private NodeWait() {
    }

    /**
     * The value of {@code path}, null for an absent node, as soon as {@code wanted} accepts it or when
     * {@code timeoutMs} have passed: then it is whatever it is.
     */
    static String await(Xenstore xenstore, String path, long timeoutMs, Predicate<String> wanted) {
        return await(xenstore, path, timeoutMs, xenstore::readOrNull, wanted);
    }

    /** The same for who reads in a way of his own. */
    static <T> T await(Xenstore xenstore, String path, long timeoutMs, Function<String, T> read,
                       Predicate<T> wanted) {
        Semaphore changed = new Semaphore(0);
        long deadlineNs = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(timeoutMs);
        Watch watch = xenstore.watch(path, ignored -> changed.release());
        try {
            T value = read.apply(path);
            while (!wanted.test(value) && changed.tryAcquire(deadlineNs - System.nanoTime(), TimeUnit.NANOSECONDS)) {
                changed.drainPermits();
                value = read.apply(path);
            }
            return value;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while waiting for " + path, e);
        } finally {
            watch.close();
        }
    }
}
