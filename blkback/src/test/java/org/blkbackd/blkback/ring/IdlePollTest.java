// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.ring;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/** Polling is tried, goes on where requests are quicker with it, and ends where they are not. */
class IdlePollTest {

    private static final long TURN_NS = 100;
    private static final int CYCLE = 2 * IdlePoll.TRIAL + IdlePoll.DECIDED;

    private final IdlePoll poll = new IdlePoll(true);
    private long now = 1_000_000_000;
    private long taken;
    private long polledNs;
    private int looked;

    @Test
    void aSpellThatWasSleptThroughIsNotPolledInItsMiddle() {
        assertFalse(poll.lookAgain(now));
        assertFalse(poll.lookAgain(now + TURN_NS), "woken for nothing");
    }

    /** A guest that waits for each answer, and need not be woken when it comes at once. */
    @Test
    void whatIsQuickerWithPollingIsPolled() {
        spells(CYCLE, 10_000, 50_000);
        assertEquals(IdlePoll.TRIAL + IdlePoll.DECIDED, looked);
    }

    /** Each spell ends within the bound, and polling all of them would keep a CPU busy for nothing. */
    @Test
    void whatIsAsQuickWithoutPollingIsPolledInTrialsOnly() {
        spells(3 * CYCLE, 25_000, 30_000);
        assertEquals(3 * IdlePoll.TRIAL, looked);
    }

    @Test
    void aHostAtRestPollsNextToNothing() {
        spells(3 * CYCLE, 1_000_000, 1_000_000);
        assertEquals(0, looked);
        assertTrue(polledNs <= 3 * IdlePoll.TRIAL * IdlePoll.LONGEST_NS, polledNs + " ns");
    }

    @Test
    void whatDoesNotPayAnyMoreEndsSoon() {
        spells(2 * IdlePoll.TRIAL, 10_000, 50_000);
        looked = 0;
        spells(2 * IdlePoll.TRIAL, 40_000, 50_000);
        assertTrue(looked > 0, "decided for it");
        looked = 0;
        spells(IdlePoll.DECIDED - 2 * IdlePoll.TRIAL, 40_000, 50_000);
        assertEquals(0, looked);
    }

    /** Events without requests, as a frontend sends that is hostile. */
    @Test
    void wakeUpsForNothingAreNotPolled() {
        for (int i = 0; i < CYCLE; i++) {
            spell(10_000, 10_000, 0);
        }
        assertEquals(IdlePoll.TRIAL, looked);
    }

    @Test
    void withoutLeaveNothingIsPolled() {
        IdlePoll never = new IdlePoll(false);
        for (int i = 0; i < CYCLE; i++) {
            assertFalse(never.lookAgain(now));
            assertFalse(never.found(now + 1_000, i));
            assertFalse(never.isIdle());
        }
    }

    /** In a PV dom0 it takes a system call to know the time. */
    @Test
    void theTimeIsNotAskedForBetweenTrialsWhereNothingIsPolled() {
        spells(2 * IdlePoll.TRIAL, 25_000, 30_000);
        assertFalse(poll.isTimed());
        spells(IdlePoll.DECIDED, 25_000, 30_000);
        assertTrue(poll.isTimed(), "another trial");
        assertFalse(new IdlePoll(false).isTimed());
    }

    private void spells(int count, long polledForNs, long sleptForNs) {
        for (int i = 0; i < count; i++) {
            spell(polledForNs, sleptForNs, 1);
        }
    }

    /** Work comes after so long when it is looked for, and after so long when it is slept. */
    private void spell(long polledForNs, long sleptForNs, int requests) {
        long began = now;
        while (now < began + polledForNs && poll.lookAgain(poll.isTimed() ? now : 0)) {
            now += TURN_NS;
        }
        polledNs += now - began;
        now = Math.max(now, began + (now < began + polledForNs ? sleptForNs : polledForNs));
        taken += requests;
        looked += poll.found(poll.isTimed() ? now : 0, taken) ? 1 : 0;
    }
}
