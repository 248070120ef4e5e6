// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.ring;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class BufferPoolTest {

    private static final int COMMON = 8;
    private static final int RESERVE = 4;
    private static final int SIZE = 4096;

    private final BufferPool pool = new BufferPool(COMMON, RESERVE, SIZE);

    @AfterEach
    void close() {
        pool.close();
    }

    private static List<Integer> takeAll(BufferShare share) {
        List<Integer> taken = new ArrayList<>();
        while (share.grants(1)) {
            taken.add(share.take());
        }
        return taken;
    }

    @Test
    void whoTakesEverythingLeavesTheOthersTheirReserve() {
        BufferShare greedy = pool.open();
        BufferShare modest = pool.open();
        assertEquals(COMMON + RESERVE, takeAll(greedy).size());
        assertTrue(modest.grants(RESERVE), "the largest request can always be started");
        assertFalse(modest.grants(RESERVE + 1));
        assertEquals(RESERVE, takeAll(modest).size());
        BufferShare late = pool.open();
        assertEquals(RESERVE, takeAll(late).size());
    }

    @Test
    void whoIsAloneMayHaveItAllAndWhoIsNotHasHisPart() {
        BufferShare greedy = pool.open();
        List<BufferShare> others = List.of(pool.open(), pool.open(), pool.open());
        List<Integer> lent = others.stream().map(BufferShare::take).toList();
        assertEquals(RESERVE + COMMON / 4, takeAll(greedy).size());
        others.get(0).give(lent.get(0));
        others.get(1).give(lent.get(1));
        assertEquals(COMMON / 2 - COMMON / 4, takeAll(greedy).size());
        others.get(2).give(lent.get(2));
        assertEquals(COMMON - COMMON / 2, takeAll(greedy).size());
    }

    /** Its requests end some time; until then it starts no more. */
    @Test
    void whatSomebodyHoldsBeyondHisPartIsNotTakenFromHim() {
        BufferShare greedy = pool.open();
        List<Integer> taken = takeAll(greedy);
        BufferShare modest = pool.open();
        int one = modest.take();
        for (int i = 0; i < COMMON / 2; i++) {
            greedy.give(taken.remove(0));
            assertFalse(greedy.grants(1), "still beyond its half");
        }
        greedy.give(taken.remove(0));
        assertTrue(greedy.grants(1));
        modest.give(one);
    }

    @Test
    void noBufferIsGivenToTwo() {
        BitSet seen = new BitSet();
        for (int i = 0; i < 3; i++) {
            for (int buffer : takeAll(pool.open())) {
                assertFalse(seen.get(buffer), "buffer " + buffer);
                seen.set(buffer);
            }
        }
        assertEquals(COMMON + 3 * RESERVE, seen.cardinality());
    }

    @Test
    void buffersDoNotOverlap() {
        List<Integer> taken = takeAll(pool.open());
        taken.addAll(takeAll(pool.open()));
        for (int buffer : taken) {
            pool.view(buffer).putInt(pool.offset(buffer), buffer).putInt(pool.offset(buffer) + SIZE - 4, ~buffer);
        }
        assertEquals(taken.size(), taken.stream().map(pool::address).distinct().count());
        for (int buffer : taken) {
            assertEquals(0, pool.address(buffer) % SIZE);
            assertEquals(buffer, pool.view(buffer).getInt(pool.offset(buffer)));
            assertEquals(~buffer, pool.view(buffer).getInt(pool.offset(buffer) + SIZE - 4));
        }
    }

    @Test
    void nothingIsLostHoweverSharesComeAndGo() {
        Random random = new Random(7);
        List<BufferShare> shares = new ArrayList<>();
        List<List<Integer>> taken = new ArrayList<>();
        for (int step = 0; step < 20_000; step++) {
            int pick = shares.isEmpty() ? 0 : random.nextInt(shares.size());
            if (shares.isEmpty() || shares.size() < 10 && random.nextInt(20) == 0) {
                shares.add(pool.open());
                taken.add(new ArrayList<>());
            } else if (random.nextInt(40) == 0) {
                taken.remove(pick).forEach(shares.get(pick)::give);
                shares.remove(pick).close();
            } else if (random.nextBoolean() && shares.get(pick).grants(1)) {
                taken.get(pick).add(shares.get(pick).take());
            } else if (!taken.get(pick).isEmpty()) {
                shares.get(pick).give(taken.get(pick).remove(0));
            }
        }
        for (int i = 0; i < shares.size(); i++) {
            taken.get(i).forEach(shares.get(i)::give);
            shares.get(i).close();
        }
        assertEquals(COMMON + RESERVE, takeAll(pool.open()).size(), "all of the common part is back (seed 7)");
    }

    @Test
    void aShareThatHoldsBuffersCannotBeClosed() {
        BufferShare share = pool.open();
        int buffer = share.take();
        assertThrows(IllegalStateException.class, share::close);
        share.give(buffer);
        share.close();
    }
}
