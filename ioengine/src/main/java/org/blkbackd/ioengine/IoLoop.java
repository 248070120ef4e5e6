// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine;

/**
 * Where a thread that owns engines sleeps: the one call that ends when a watched descriptor is readable, when a request
 * of its engines has completed, or when somebody woke it. {@link #wake} and {@link #counters} are for any thread, the
 * rest for one owner: the first thread that sleeps in it, or submits to an engine of it.
 *
 * <p>No wake-up is lost: the owner announces its sleep, looks for work once more, and only then sleeps; whoever makes
 * work visible calls {@link #wake} afterwards and finds the announcement.
 */
public interface IoLoop extends Wakeup, AutoCloseable {

    /** For {@link #sleep}: until something happens. */
    long FOR_EVER = -1;

    /** How many descriptors can be watched. */
    int MOST_WATCHED = 15;

    /** A descriptor that is readable ends a sleep, from now on until {@link #close}. It must stay open for so long. */
    void watch(int fd);

    /**
     * Asked by the owner before it reads what it watches: false when nothing has become readable since it asked last.
     * After true it must read until there is nothing left, or it is not told of what it left.
     */
    default boolean mayBeReadable() {
        return true;
    }

    /**
     * Memory in which most requests will have their data, said before any request and at most once; a loop may have the
     * kernel remember it. It is closed after the loop.
     */
    default void prepareBuffers(long address, long bytes) {
        // most have no use for it
    }

    /** The owner is about to sleep; it must look for work once more before {@link #sleep}. */
    void announceSleep();

    /** The owner found work after all. */
    void stayAwake();

    /**
     * Sleeps until there may be something to do; may end early, which does no harm.
     *
     * @param timeoutNs the longest time, in nanoseconds, or {@link #FOR_EVER}
     */
    void sleep(long timeoutNs);

    /** What it has cost. */
    LoopCounters counters();

    /** Gives everything back. Its engines are closed before. */
    @Override
    void close();
}
