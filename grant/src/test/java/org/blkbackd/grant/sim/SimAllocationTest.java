// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.grant.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import org.blkbackd.grant.EventChannels;
import org.blkbackd.grant.GrantCopy;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The calls of the data path make no garbage, so that a benchmark on the simulator measures the backend. */
class SimAllocationTest {

    private static final int ROUNDS = 20_000;

    @TempDir
    private Path folder;

    @Test
    void copiesAndEventsAllocateNothing() {
        assumeTrue(ManagementFactory.getThreadMXBean() instanceof ThreadMXBean, "this JVM does not count allocations");
        try (SimHypervisor hypervisor = SimHypervisor.open(folder); SimDomain guest = hypervisor.domain(5);
                GrantCopy copy = hypervisor.grantTable(0).newCopy(GrantCopy.Direction.TO_GUEST, 8)) {
            int ref = guest.grant(0, guest.allocatePage(), false);
            long ours = guest.allocatePage().address();
            EventChannels channels = hypervisor.eventChannels(0);
            int theirs = guest.allocUnbound(0);
            int port = channels.bindInterdomain(5, theirs);
            Runnable round = () -> {
                copy.clear();
                for (int i = 0; i < 8; i++) {
                    copy.add(5, ref, 0, ours, 4096);
                }
                assertTrue(copy.execute() == 0);
                channels.notify(port);
                assertTrue(guest.eventChannels().pending() == theirs);
                guest.eventChannels().unmask(theirs);
                guest.eventChannels().notify(theirs);
                assertTrue(channels.pending() == port);
                assertTrue(channels.pending() == EventChannels.NONE);
                channels.unmask(port);
            };
            run(round);
            long before = allocated();
            run(round);
            // A few bytes are the meter's own; one object a round would be 16 times the rounds.
            assertEquals(0, (allocated() - before) / ROUNDS);
        }
    }

    private static void run(Runnable round) {
        for (int i = 0; i < ROUNDS; i++) {
            round.run();
        }
    }

    private static long allocated() {
        return ((ThreadMXBean) ManagementFactory.getThreadMXBean()).getThreadAllocatedBytes(
            Thread.currentThread().getId());
    }
}
