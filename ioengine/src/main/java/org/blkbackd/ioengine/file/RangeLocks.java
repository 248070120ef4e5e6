// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.file;

import java.util.Arrays;

/**
 * Locks on byte ranges of one disk, shared by all its engines; shared among aligned writes, exclusive for a
 * read-modify-write. Each I/O thread has one slot and holds at most one range, so nothing can dead-lock; conflicting
 * ranges get their turn in the order they came, so nothing starves. Engines that may not wait try, and get a slot of
 * those that they have reserved.
 */
final class RangeLocks {

    /** From {@link #tryAcquire}: somebody is before us. */
    static final int NONE = -1;

    private long[] tickets;
    private long[] starts;
    private long[] ends;
    private boolean[] exclusives;
    /** Slots that nobody has, of those that are no thread's own. */
    private int[] free = new int[0];
    private int freeCount;
    private int reserved;
    private long lastTicket;
    /** Exclusive ranges that are held or waited for: without any, nobody conflicts. */
    private int exclusiveCount;
    private int waiting;

    /** @param slots I/O threads that may come */
    RangeLocks(int slots) {
        tickets = new long[slots];
        starts = new long[slots];
        ends = new long[slots];
        exclusives = new boolean[slots];
    }

    /** So many ranges more may be held that were tried for. */
    synchronized void reserve(int count) {
        reserved += count;
        int missing = reserved - free.length;
        if (missing <= 0) {
            return;
        }
        int first = tickets.length;
        int slots = first + missing;
        tickets = Arrays.copyOf(tickets, slots);
        starts = Arrays.copyOf(starts, slots);
        ends = Arrays.copyOf(ends, slots);
        exclusives = Arrays.copyOf(exclusives, slots);
        free = Arrays.copyOf(free, reserved);
        for (int slot = first; slot < slots; slot++) {
            free[freeCount++] = slot;
        }
    }

    /** So many fewer. */
    synchronized void unreserve(int count) {
        reserved -= count;
    }

    /** Waits until no conflicting range that came earlier is held or waited for. */
    synchronized void acquire(int slot, long start, long end, boolean exclusive) {
        set(slot, start, end, exclusive);
        boolean interrupted = false;
        while (conflictsWithEarlier(slot)) {
            waiting++;
            try {
                wait();
            } catch (InterruptedException e) {
                interrupted = true;
            } finally {
                waiting--;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Takes a shared range if that needs no waiting. Returns its slot, for {@link #releaseTried}, or NONE. */
    synchronized int tryAcquire(long start, long end) {
        if (freeCount == 0) {
            return NONE;
        }
        int slot = free[freeCount - 1];
        set(slot, start, end, false);
        if (conflictsWithEarlier(slot)) {
            tickets[slot] = 0;
            return NONE;
        }
        freeCount--;
        return slot;
    }

    /** Gives back a range that was tried for. */
    synchronized void releaseTried(int slot) {
        release(slot);
        free[freeCount++] = slot;
    }

    synchronized void release(int slot) {
        tickets[slot] = 0;
        if (exclusives[slot]) {
            exclusives[slot] = false;
            exclusiveCount--;
        }
        if (waiting > 0) {
            notifyAll();
        }
    }

    private void set(int slot, long start, long end, boolean exclusive) {
        starts[slot] = start;
        ends[slot] = end;
        exclusives[slot] = exclusive;
        exclusiveCount += exclusive ? 1 : 0;
        tickets[slot] = ++lastTicket;
    }

    private boolean conflictsWithEarlier(int slot) {
        if (exclusiveCount == 0) {
            return false;
        }
        for (int i = 0; i < tickets.length; i++) {
            if (tickets[i] != 0 && tickets[i] < tickets[slot] && (exclusives[i] || exclusives[slot])
                && starts[i] < ends[slot] && starts[slot] < ends[i]) {
                return true;
            }
        }
        return false;
    }
}
