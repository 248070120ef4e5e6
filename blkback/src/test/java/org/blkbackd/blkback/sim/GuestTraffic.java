// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.sim;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;

/** Data that a guest writes to its disk through all its queues at once, and finds again. */
public final class GuestTraffic {

    private static final long PATIENCE_MS = 30_000;

    private final SimFrontend frontend;
    private final long diskSectors;
    private final int sectors;
    private final long seed;

    private GuestTraffic(SimFrontend frontend, long diskSectors, int sectors, long seed) {
        this.frontend = frontend;
        this.diskSectors = diskSectors;
        this.sectors = sectors;
        this.seed = seed;
    }

    /** Fills every slot of every queue with writes of {@code sectors}, then with reads, and compares. */
    public static void thereAndBack(SimFrontend frontend, long diskSectors, int sectors, long seed) {
        GuestTraffic traffic = new GuestTraffic(frontend, diskSectors, sectors, seed);
        traffic.round(true);
        traffic.round(false);
        assertEquals(0, frontend.violations());
    }

    private void round(boolean write) {
        int asked = 0;
        for (FrontQueue queue : frontend.queues()) {
            for (FrontRequest request = queue.claim(); request != null; request = queue.claim()) {
                long sector = asked++ % (diskSectors / sectors) * sectors;
                queue.submit(write ? request.put(data(sector)).write(sector, sectors) : request.read(sector, sectors));
            }
            queue.kick();
        }
        assertEquals(asked, frontend.inFlight());
        for (FrontQueue queue : frontend.queues()) {
            for (int i = asked / frontend.queueCount(); i > 0; i--) {
                assertTrue(queue.await(PATIENCE_MS), () -> frontend.inFlight() + " requests were not answered");
                check(queue, queue.reap());
            }
        }
        assertEquals(0, frontend.inFlight());
    }

    private void check(FrontQueue queue, FrontRequest answered) {
        assertTrue(answered.isOkay());
        byte[] found = new byte[sectors * 512];
        answered.get(found);
        assertArrayEquals(data(answered.sector()), found, () -> "sector " + answered.sector() + ", seed " + seed);
        queue.release(answered);
    }

    private byte[] data(long sector) {
        byte[] data = new byte[sectors * 512];
        new Random(seed * 1_000_003 + sector).nextBytes(data);
        return data;
    }
}
