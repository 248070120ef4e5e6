// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.ring;

/**
 * Whether a worker that waits for frontends looks again for a while before it sleeps. A sleep costs the frontend an
 * event and this end a wake-up; where a guest waits for each answer, both ends sleep and wake each other by turns, and
 * that takes longer than all else. But a look may also come too early for the next request, or take the CPU from who
 * would make it. Which it is cannot be known from this end, so it is tried: some idle spells are slept through, as many
 * are polled, and what a request took decides about the next thousands. Pure; owned by its worker.
 */
final class IdlePoll {

    /** The most that one spell may waste. */
    static final long LONGEST_NS = 50_000;
    /** Spells of each half of a trial. */
    static final int TRIAL = 256;
    /** Spells between two trials. */
    static final int DECIDED = 16_384;

    /** A guest that pauses says nothing about what requests take. */
    private static final long MOST_NS = 200_000;
    /** Polling has to be better by a part in so many: it costs CPU time, and machines are noisy. */
    private static final int MARGIN = 4;

    private enum Phase { SLEEPING, POLLING, DECIDED }

    private final boolean allowed;
    private Phase phase = Phase.SLEEPING;
    private boolean polling;
    private int left = TRIAL;
    private boolean idle;
    private boolean slept;
    private long idleSince;
    private long foundAt;
    /** Of this half of a trial, and of the one before. */
    private long timeNs;
    private long requests;
    private long sleepingNs;
    private long sleepingRequests;
    private long requestsSeen;

    /** @param allowed false: always to sleep at once, as is right where the frontend has no other CPU to run on */
    IdlePoll(boolean allowed) {
        this.allowed = allowed;
    }

    /** A spell has begun and not ended. */
    boolean isIdle() {
        return idle;
    }

    /** Whether it matters what time it is: {@code now} may be anything where it does not. */
    boolean isTimed() {
        return allowed && (phase != Phase.DECIDED || polling);
    }

    /**
     * Nothing was found to do.
     *
     * @return whether to look again rather than to sleep
     */
    boolean lookAgain(long now) {
        if (!idle) {
            idle = true;
            slept = !polling;
            idleSince = now;
        }
        slept = slept || now - idleSince >= LONGEST_NS;
        return !slept;
    }

    /**
     * Something was found to do: the spell is over.
     *
     * @param taken requests that the worker has taken so far
     * @return whether it was found by a look instead of a sleep
     */
    boolean found(long now, long taken) {
        idle = false;
        if (!allowed) {
            return false;
        }
        if (isTimed()) {
            timeNs += Math.min(now - (foundAt == 0 ? idleSince : foundAt), MOST_NS);
            foundAt = now;
        }
        requests += taken - requestsSeen;
        requestsSeen = taken;
        if (--left == 0) {
            advance();
        } else if (phase == Phase.DECIDED && polling && left % TRIAL == 0) {
            // what went well in a trial may not in the long run, as where the CPU is another guest's
            begin(phase, pays(), left);
        }
        return !slept;
    }

    private void advance() {
        switch (phase) {
            case SLEEPING -> {
                sleepingNs = timeNs;
                sleepingRequests = requests;
                begin(Phase.POLLING, true, TRIAL);
            }
            case POLLING -> begin(Phase.DECIDED, pays(), DECIDED);
            default -> {
                begin(Phase.SLEEPING, false, TRIAL);
                foundAt = 0;
            }
        }
    }

    private void begin(Phase next, boolean polls, int spells) {
        phase = next;
        polling = polls;
        left = spells;
        timeNs = 0;
        requests = 0;
    }

    /** Whether a request took clearly less time while spells were polled. */
    private boolean pays() {
        return timeNs * sleepingRequests * MARGIN < sleepingNs * requests * (MARGIN - 1);
    }
}
