// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.file;

/**
 * Locks on byte ranges of one disk, shared by all its engines; shared among aligned writes, exclusive for a
 * read-modify-write. Each I/O thread has one slot and holds at most one range, so nothing can dead-lock; conflicting
 * ranges get their turn in the order they came, so nothing starves.
 */
final class RangeLocks {

    private final long[] tickets;
    private final long[] starts;
    private final long[] ends;
    private final boolean[] exclusives;
    private long lastTicket;

    /** @param slots I/O threads that may come */
    RangeLocks(int slots) {
        tickets = new long[slots];
        starts = new long[slots];
        ends = new long[slots];
        exclusives = new boolean[slots];
    }

    /** Waits until no conflicting range that came earlier is held or waited for. */
    synchronized void acquire(int slot, long start, long end, boolean exclusive) {
        starts[slot] = start;
        ends[slot] = end;
        exclusives[slot] = exclusive;
        tickets[slot] = ++lastTicket;
        boolean interrupted = false;
        while (conflictsWithEarlier(slot)) {
            try {
                wait();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    synchronized void release(int slot) {
        tickets[slot] = 0;
        notifyAll();
    }

    private boolean conflictsWithEarlier(int slot) {
        for (int i = 0; i < tickets.length; i++) {
            if (tickets[i] != 0 && tickets[i] < tickets[slot] && (exclusives[i] || exclusives[slot])
                && starts[i] < ends[slot] && starts[slot] < ends[i]) {
                return true;
            }
        }
        return false;
    }
}
