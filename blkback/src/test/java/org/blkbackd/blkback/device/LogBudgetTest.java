// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class LogBudgetTest {

    private static final String VBD = "vbd 3/51712";
    private static final long SECOND = 1_000_000_000L;

    /** Close to the end of the clock's range: it wraps during the tests. */
    private long now = Long.MAX_VALUE - 3;
    private final List<String> log = new ArrayList<>();
    private final LogBudget budget = new LogBudget(2, SECOND, () -> now);

    @Test
    void passesLinesUpToTheBudgetAndThenCounts() {
        offer(VBD, 5);
        assertLog(VBD + ": line 0", VBD + ": line 1");
        assertEquals(3, budget.dropped());
    }

    @Test
    void saysHowManyWereLeftOutBeforeTheNextIntervalsFirstLine() {
        offer(VBD, 5);
        now += SECOND;
        offer(VBD, 1);
        assertLog(VBD + ": line 0", VBD + ": line 1", VBD + ": and 3 more", VBD + ": line 0");
    }

    @Test
    void anIntervalIsNotOverBeforeItsLastNanosecond() {
        offer(VBD, 3);
        now += SECOND - 1;
        budget.tick();
        offer(VBD, 1);
        assertLog(VBD + ": line 0", VBD + ": line 1");
        now++;
        budget.tick();
        assertLog(VBD + ": line 0", VBD + ": line 1", VBD + ": and 2 more");
    }

    @Test
    void tickSaysItOnceAndForgetsTheKey() {
        offer(VBD, 3);
        now += SECOND;
        budget.tick();
        budget.tick();
        assertLog(VBD + ": line 0", VBD + ": line 1", VBD + ": and 1 more");
        assertEquals(0, budget.keys());
    }

    @Test
    void nothingIsAddedWhenNothingWasLeftOut() {
        offer(VBD, 2);
        now += SECOND;
        budget.tick();
        assertLog(VBD + ": line 0", VBD + ": line 1");
    }

    @Test
    void oneGuestDoesNotSpendAnothersBudget() {
        offer(VBD, 100);
        offer("vbd 4/51712", 1);
        assertEquals("vbd 4/51712: line 0", log.get(log.size() - 1));
    }

    @Test
    void theCountGoesWhereTheLastLineWouldHaveGone() {
        List<String> warnings = new ArrayList<>();
        offer(VBD, 3);
        budget.offer(VBD, warnings::add, "worse");
        now += SECOND;
        budget.tick();
        assertEquals(List.of(VBD + ": and 2 more"), warnings);
    }

    @Test
    void longLinesAreCut() {
        budget.offer(VBD, log::add, "x".repeat(251));
        budget.offer(VBD, log::add, "y".repeat(250));
        assertLog(VBD + ": " + "x".repeat(247) + "...", VBD + ": " + "y".repeat(250));
    }

    /** The bound of reliability B9, with the worst line there is: every character an escape of six bytes. */
    @Test
    void anHourOfAHostileGuestStaysUnderAMebibyteAndEveryDropIsCounted() {
        LogBudget standard = new LogBudget(() -> now);
        String line = "\u001b".repeat(4096);
        long offered = 0;
        for (int ms = 0; ms < 3_600_000; ms++) {
            standard.offer(VBD, log::add, line);
            offered++;
            now += 1_000_000;
        }
        standard.tick();
        long written = log.stream().filter(text -> !text.matches(VBD + ": and \\d+ more")).count();
        long told = log.stream().filter(text -> text.matches(VBD + ": and \\d+ more"))
            .mapToLong(text -> Long.parseLong(text.replaceAll(".*: and (\\d+) more", "$1"))).sum();
        assertEquals(offered, written + standard.dropped());
        assertEquals(standard.dropped(), told);
        long bytes = log.stream()
            .mapToLong(text -> text.replace("\u001b", "123456").getBytes(StandardCharsets.UTF_8).length).sum();
        long prefixes = log.size() * 40L;
        assertTrue(bytes + prefixes <= 1 << 20, () -> bytes + " bytes and " + prefixes);
    }

    private void offer(String key, int lines) {
        for (int i = 0; i < lines; i++) {
            budget.offer(key, log::add, "line " + i);
        }
    }

    private void assertLog(String... expected) {
        assertEquals(List.of(expected), log);
    }
}
