// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.grant.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.blkbackd.grant.EventChannels;
import org.blkbackd.grant.GrantException;
import org.blkbackd.grant.GrantMapping;
import org.blkbackd.grant.GrantTable;
import org.blkbackd.grant.Poll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Threads that share tables: what is claimed is claimed once, and no event is lost on the way. */
class SimConcurrencyTest {

    private static final int PATIENCE_MS = 20_000;

    @TempDir
    private Path folder;

    @Test
    void noTwoThreadsGetTheSamePageOrGrant() throws InterruptedException {
        try (SimHypervisor hypervisor = SimHypervisor.open(folder); SimDomain guest = hypervisor.domain(5)) {
            ConcurrentHashMap<Integer, Boolean> held = new ConcurrentHashMap<>();
            runInThreads(4, index -> {
                Random random = new Random(index);
                List<GuestPage> pages = new ArrayList<>();
                List<Integer> refs = new ArrayList<>();
                for (int i = 0; i < 20_000; i++) {
                    if (pages.isEmpty() || random.nextInt(3) > 0 && pages.size() < 200) {
                        GuestPage page = guest.allocatePage();
                        int ref = guest.grant(0, page, false);
                        assertEquals(null, held.put(ref, true), "reference " + ref + " is held twice");
                        assertEquals(0, page.buffer().getInt(0), "the page is in use");
                        page.buffer().putInt(0, 1 + index);
                        pages.add(page);
                        refs.add(ref);
                    } else {
                        int which = random.nextInt(pages.size());
                        assertEquals(1 + index, pages.get(which).buffer().getInt(0), "the page is in use");
                        held.remove(refs.get(which));
                        guest.endAccess(refs.remove(which));
                        pages.remove(which).close();
                    }
                }
                refs.forEach(ref -> {
                    held.remove(ref);
                    guest.endAccess(ref);
                });
            });
            assertEquals(0, guest.grantsInUse());
        }
    }

    @Test
    void aGrantIsEitherMappedOrEnded() throws InterruptedException {
        try (SimHypervisor hypervisor = SimHypervisor.open(folder); SimDomain guest = hypervisor.domain(5)) {
            GrantTable table = hypervisor.grantTable(0);
            SharedGrants grants = hypervisor.existing(5).grants;
            GuestPage page = guest.allocatePage();
            AtomicInteger granted = new AtomicInteger(guest.grant(0, page, false));
            int[] done = {0, 0};
            runInThreads(2, index -> {
                for (int i = 0; i < 100_000; i++) {
                    boolean success = index == 0
                        ? map(table, granted.get(), grants) : endAndGrantAgain(guest, granted, page);
                    done[index] += success ? 1 : 0;
                }
            });
            assertTrue(done[0] > 0 && done[1] > 0, done[0] + " maps, " + done[1] + " ends");
            assertEquals(0, guest.mappedGrants());
            assertEquals(1, guest.grantsInUse());
        }
    }

    private static boolean map(GrantTable table, int ref, SharedGrants grants) {
        try (GrantMapping mapping = table.map(5, new int[] {ref})) {
            mapping.buffer().putInt(0, ref);
            assertNotEquals(0, grants.state(ref), "ended while it was mapped");
            return true;
        } catch (GrantException ended) {
            return false;
        }
    }

    private static boolean endAndGrantAgain(SimDomain guest, AtomicInteger granted, GuestPage page) {
        int ref = granted.get();
        try {
            guest.endAccess(ref);
        } catch (IllegalStateException stillMapped) {
            return false;
        }
        granted.set(guest.grant(0, page, false));
        return true;
    }

    /** Three guests' threads send a counted number of events each; the backend must see each one's last. */
    @Test
    void theLastEventOfEverySenderArrives() throws InterruptedException {
        int senders = 3;
        int events = 30_000;
        try (SimHypervisor hypervisor = SimHypervisor.open(folder);
                EventChannels channels = hypervisor.eventChannels(0)) {
            int[] sent = new int[senders];
            GuestPage[] counters = hypervisor.domain(9).allocatePages(senders);
            SimDomain[] guests = new SimDomain[senders];
            int[] theirs = new int[senders];
            int[] ours = new int[senders];
            for (int i = 0; i < senders; i++) {
                guests[i] = hypervisor.domain(1 + i);
                theirs[i] = guests[i].allocUnbound(0);
                ours[i] = channels.bindInterdomain(1 + i, theirs[i]);
            }
            runInThreads(senders + 1, index -> {
                if (index < senders) {
                    for (int i = 1; i <= events; i++) {
                        counters[index].buffer().putInt(0, i);
                        guests[index].eventChannels().notify(theirs[index]);
                    }
                } else {
                    receiveAll(channels, ours, counters, sent, events);
                }
            });
            for (int count : sent) {
                assertEquals(events, count);
            }
        }
    }

    private static void receiveAll(EventChannels channels, int[] ours, GuestPage[] counters, int[] seen, int events) {
        int done = 0;
        while (done < ours.length) {
            int port = channels.pending();
            if (port == EventChannels.NONE) {
                assertTrue(Poll.readable(channels.fd(), PATIENCE_MS), "an event was lost");
                continue;
            }
            // Unmask, then look: an event after the look makes the port pending again.
            channels.unmask(port);
            for (int i = 0; i < ours.length; i++) {
                if (ours[i] == port && seen[i] < events) {
                    seen[i] = counters[i].buffer().getInt(0);
                    done += seen[i] == events ? 1 : 0;
                }
            }
        }
    }

    private interface Work {
        void run(int index);
    }

    private static void runInThreads(int count, Work work) throws InterruptedException {
        ConcurrentLinkedQueue<Throwable> failures = new ConcurrentLinkedQueue<>();
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int index = i;
            Thread thread = new Thread(() -> work.run(index));
            thread.setUncaughtExceptionHandler((t, e) -> failures.add(e));
            thread.start();
            threads.add(thread);
        }
        for (Thread thread : threads) {
            thread.join();
        }
        if (!failures.isEmpty()) {
            throw new AssertionError(failures.peek());
        }
    }
}
