// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.control;

/**
 * What the workers have cost since the daemon began, all of them together: calls into kernel and hypervisor, and the
 * requests that they were made for.
 *
 * @param workers  threads
 * @param requests taken off the rings
 * @param copies   grant copies, of many segments each
 * @param enters   calls to start I/O, to collect it or to sleep; of the portable engine, whose threads do the I/O, only
 *                 the last
 * @param sleeps   those among them that may have slept
 * @param wakeups  sleeps that another thread ended
 * @param events   events taken from frontends
 * @param notifies events sent to frontends
 * @param polls    sleeps saved by a short look for work
 */
public record CrossingStats(int workers, long requests, long copies, long enters, long sleeps, long wakeups,
                            long events, long notifies, long polls) {

    /** Of no workers. */
    public static final CrossingStats NONE = new CrossingStats(0, 0, 0, 0, 0, 0, 0, 0, 0);

    /** What came after {@code earlier}. */
    public CrossingStats since(CrossingStats earlier) {
        return new CrossingStats(workers, requests - earlier.requests, copies - earlier.copies,
            enters - earlier.enters, sleeps - earlier.sleeps, wakeups - earlier.wakeups, events - earlier.events,
            notifies - earlier.notifies, polls - earlier.polls);
    }

    /** Of two parts of one daemon. */
    public CrossingStats plus(CrossingStats other) {
        return new CrossingStats(workers + other.workers, requests + other.requests, copies + other.copies,
            enters + other.enters, sleeps + other.sleeps, wakeups + other.wakeups, events + other.events,
            notifies + other.notifies, polls + other.polls);
    }
}
