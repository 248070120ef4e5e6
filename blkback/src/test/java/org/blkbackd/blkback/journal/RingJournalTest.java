// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.journal;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.blkbackd.blkback.blkif.BlkifAbi;
import org.blkbackd.blkback.blkif.BlkifRequest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a successor finds, wherever the process died. */
class RingJournalTest {

    private static final int SLOTS = 8;

    private final byte[] slot = new byte[BlkifAbi.MAX_SLOT_SIZE];
    private final BlkifRequest request = new BlkifRequest();
    private ByteBuffer memory = fresh();
    private RingJournal journal = new RingJournal(memory, SLOTS, true);

    private static ByteBuffer fresh() {
        return ByteBuffer.allocateDirect(RingJournal.size(SLOTS)).order(ByteOrder.LITTLE_ENDIAN);
    }

    private BlkifRequest request(long id) {
        ByteBuffer.wrap(slot).order(ByteOrder.LITTLE_ENDIAN).putLong(8, id);
        request.load(BlkifAbi.NATIVE, slot, 0);
        return request;
    }

    /** A ring that lives, one store at a time; each store can be the last. */
    private final class Life {

        private final Random random;
        private final List<Runnable> stores = new ArrayList<>();
        private final Deque<Integer> free = new ArrayDeque<>();
        /** Id by entry of what is in flight when all stores are made. */
        private final List<Integer> busy = new ArrayList<>();
        private final long[] ids = new long[SLOTS];
        private int planned;
        private int plannedRsp;
        /** The ring itself: what the guest sees. */
        private int rspProd;
        private int reqCons;
        private final Set<Long> taken = new TreeSet<>();
        private final Set<Long> answered = new TreeSet<>();

        Life(long seed, int first) {
            random = new Random(seed);
            planned = first;
            plannedRsp = first;
            rspProd = first;
            reqCons = first;
            for (int i = 0; i < SLOTS; i++) {
                free.add(i);
            }
            journal.begin(first, first);
        }

        /** One pass: takes some, answers some in any order but the first ever, which stays, and publishes. */
        void pass() {
            int takes = random.nextInt(free.size() + 1);
            for (int i = 0; i < takes; i++) {
                int entry = free.remove();
                int index = planned++;
                busy.add(entry);
                ids[entry] = index & 0xFFFFFFFFL;
                long id = ids[entry];
                stores.add(() -> journal.enter(entry, request(id), index));
            }
            int consumed = planned;
            stores.add(() -> {
                journal.consumed(consumed);
                for (; reqCons != consumed; reqCons++) {
                    taken.add(reqCons & 0xFFFFFFFFL);
                }
            });
            List<Integer> ends = new ArrayList<>();
            int answers = random.nextInt(Math.max(1, busy.size()));
            for (int i = 0; i < answers; i++) {
                int entry = busy.remove(1 + random.nextInt(busy.size() - 1));
                int response = plannedRsp++;
                ends.add(entry);
                stores.add(() -> journal.answered(entry, response));
            }
            int published = plannedRsp;
            List<Long> done = ends.stream().map(entry -> ids[entry]).toList();
            stores.add(() -> {
                rspProd = published;
                answered.addAll(done);
            });
            stores.add(() -> journal.published(published));
            ends.forEach(entry -> stores.add(() -> journal.release(entry)));
            free.addAll(ends);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, Integer.MAX_VALUE - 20, -20})
    void whereverTheProcessDiesExactlyTheUnansweredIsInFlight(int first) throws JournalException {
        long seed = System.nanoTime();
        System.out.println("RingJournalTest seed " + seed);
        int stores = lifeOf(seed, first, Integer.MAX_VALUE);
        assertTrue(stores > 200);
        for (int death = 0; death <= stores; death++) {
            memory = fresh();
            journal = new RingJournal(memory, SLOTS, true);
            lifeOf(seed, first, death);
        }
    }

    /** Returns how many stores there were. */
    private int lifeOf(long seed, int first, int death) throws JournalException {
        Life life = new Life(seed, first);
        for (int i = 0; i < 40; i++) {
            life.pass();
        }
        life.stores.stream().limit(death).forEach(Runnable::run);
        Set<Long> expected = new TreeSet<>(life.taken);
        expected.removeAll(life.answered);
        journal.settle(life.rspProd);
        assertEquals(expected, found(), "after " + death + " stores, seed " + seed);
        // a successor that dies in turn leaves the same to the next
        journal.settle(life.rspProd);
        assertEquals(expected, found());
        assertEquals(life.reqCons, journal.reqCons());
        return life.stores.size();
    }

    private Set<Long> found() {
        Set<Long> found = new TreeSet<>();
        BlkifRequest loaded = new BlkifRequest();
        for (int entry = 0; entry < SLOTS; entry++) {
            if (journal.isUsed(entry)) {
                journal.load(entry, loaded, BlkifAbi.NATIVE);
                assertEquals(journal.index(entry) & 0xFFFFFFFFL, loaded.id());
                assertTrue(found.add(loaded.id()), "twice");
            }
        }
        return found;
    }

    /** Three in flight, one of them answered and not published. */
    private void someLife() {
        journal.begin(100, 100);
        for (int i = 0; i < 3; i++) {
            journal.enter(i, request(i), 100 + i);
        }
        journal.consumed(103);
        journal.answered(1, 100);
    }

    @Test
    void everyFlippedBitOfWhatIsInFlightIsRefused() {
        someLife();
        assertDoesNotThrow(() -> journal.settle(100));
        int refused = 0;
        for (int bit = RingJournal.CURSORS * 8; bit < (RingJournal.ENTRIES + 3 * RingJournal.ENTRY_SIZE) * 8; bit++) {
            int at = bit / 8;
            boolean live = at < RingJournal.CURSORS + 16
                || at >= RingJournal.ENTRIES && (at - RingJournal.ENTRIES) % RingJournal.ENTRY_SIZE / 8 != 1;
            someLife();
            memory.put(at, (byte) (memory.get(at) ^ 1 << bit % 8));
            if (live) {
                assertThrows(JournalException.class, () -> journal.settle(100), "bit " + bit);
                refused++;
            }
        }
        assertEquals((16 + 3 * (RingJournal.ENTRY_SIZE - 8)) * 8, refused);
    }

    @Test
    void everyFlippedBitOfAnAnswerIsRefused() {
        for (int bit = 0; bit < 64; bit++) {
            int flipped = bit;
            someLife();
            int at = RingJournal.ENTRIES + RingJournal.ENTRY_SIZE + 8;
            memory.putLong(at, memory.getLong(at) ^ 1L << bit);
            // the same as if it were published, and as if it were not
            assertThrows(JournalException.class, () -> journal.settle(101), "bit " + flipped);
        }
    }

    @Test
    void aGuestThatRewritesRspProdIsNotTakenUp() {
        for (int rspProd : new int[] {99, 102, 103, 104, 0, -1, 100 + SLOTS}) {
            someLife();
            assertThrows(JournalException.class, () -> journal.settle(rspProd), "rsp_prod " + rspProd);
        }
    }

    @Test
    void anOldRequestIsFoundHoweverOftenTheRingWasWrapped() throws JournalException {
        journal.begin(7, 7);
        journal.enter(5, request(1), 7);
        journal.consumed(8);
        int rspProd = 7;
        for (int index = 8; index < 10_000; index++) {
            journal.enter(0, request(index), index);
            journal.consumed(index + 1);
            journal.answered(0, rspProd++);
            journal.published(rspProd);
            journal.release(0);
        }
        journal.settle(rspProd);
        assertEquals(Set.of(1L), foundIds());
    }

    private Set<Long> foundIds() {
        Set<Long> ids = new TreeSet<>();
        for (int entry = 0; entry < SLOTS; entry++) {
            if (journal.isUsed(entry)) {
                journal.load(entry, request, BlkifAbi.NATIVE);
                ids.add(request.id());
            }
        }
        return ids;
    }
}
