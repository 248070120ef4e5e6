// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.sim;

import static org.blkbackd.blkback.sim.FrontendRig.BACKEND;
import static org.blkbackd.blkback.sim.FrontendRig.PATIENCE_MS;
import static org.blkbackd.blkback.sim.FrontendRig.config;
import static org.blkbackd.blkback.sim.FrontendRig.dataGoesThereAndBack;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the frontend reads when it connects and later, and how another kernel takes the device over. */
class ReconnectTest {

    @TempDir
    private Path folder;
    private FrontendRig rig;

    @BeforeEach
    void open() {
        rig = new FrontendRig(folder, DoubleBackend.Fault.NONE);
        rig.offers("max-ring-page-order", 4).offers("multi-queue-max-queues", 4);
    }

    @AfterEach
    void close() {
        rig.close();
    }

    private void tell(SimFrontend frontend, long sectors) {
        int before = frontend.timesTold();
        rig.xenstore.transact(store -> {
            store.write(BACKEND + "/sectors", Long.toString(sectors));
            store.write(BACKEND + "/state", "4");
            return null;
        });
        for (int i = 0; i < 1000 && frontend.timesTold() == before; i++) {
            frontend.await(10);
        }
        assertEquals(before + 1, frontend.timesTold());
    }

    @Test
    void readsEveryFeature() {
        rig.offers("feature-barrier", 1).offers("feature-discard", 1).offers("discard-granularity", 4096)
            .offers("discard-alignment", 512).offers("discard-secure", 1)
            .offers("feature-max-indirect-segments", 256);
        SimFrontend frontend = rig.connected(config());
        assertEquals(new OfferedFeatures(true, true, true, 4096, 512, true, 256), frontend.features());
    }

    @Test
    void whatIsAbsentOrSenselessIsNotOffered() {
        rig.offers("discard-secure", 1).offers("discard-granularity", 4096)
            .offers("feature-max-indirect-segments", "-1");
        SimFrontend frontend = rig.connected(config());
        assertEquals(new OfferedFeatures(true, false, false, 0, 0, false, 0), frontend.features());
        frontend.close();
        rig.offers("feature-discard", 1).offers("discard-granularity", "x").offers("discard-secure", "2")
            .offers("feature-max-indirect-segments", "4294967296");
        frontend.kexecReconnect(PATIENCE_MS);
        assertEquals(new OfferedFeatures(true, false, true, 0, 0, true, 0), frontend.features());
    }

    @Test
    void isToldASizeEachTimeStateFourIsWrittenAgain() {
        SimFrontend frontend = rig.connected(config());
        for (int i = 0; i < 20; i++) {
            frontend.await(1);
        }
        assertEquals(0, frontend.timesTold());
        assertEquals(DoubleBackend.SECTORS, frontend.sectors());
        tell(frontend, 4096);
        assertEquals(4096, frontend.sectors());
        tell(frontend, 4096);
        tell(frontend, 1L << 40);
        assertEquals(1L << 40, frontend.sectors());
        assertEquals(3, frontend.timesTold());
        assertTrue(frontend.isConnected());
    }

    @Test
    void anotherKernelMayWantOtherRings() {
        SimFrontend frontend = rig.connected(config().withRingOrder(3).withQueues(2));
        int[][] wishes = {{0, 1}, {4, 4}, {1, 1}, {0, 3}};
        for (int[] wish : wishes) {
            frontend.close();
            assertEquals(0, rig.domain.grantsInUse());
            frontend.kexecReconnect(config().withRingOrder(wish[0]).withQueues(wish[1]), PATIENCE_MS);
            assertEquals(wish[0], frontend.ringOrder());
            assertEquals(wish[1], frontend.queueCount());
            dataGoesThereAndBack(frontend, 8, wish[0]);
        }
        assertThrows(IllegalArgumentException.class,
            () -> frontend.kexecReconnect(FrontendConfig.of(51728), PATIENCE_MS));
    }

    @Test
    void aCrashKernelWantsFewerRingsAndGivesTheOldOnesBack() {
        SimFrontend frontend = rig.connected(config().withRingOrder(2).withQueues(3));
        frontend.queues().forEach(queue -> queue.submit(queue.claim().flush()));
        frontend.crash();
        assertEquals(3, frontend.lost());
        assertEquals(3, frontend.stillMapped());
        assertEquals("4", rig.offered("state"));
        frontend.kexecReconnect(config(), PATIENCE_MS);
        assertEquals(0, frontend.stillMapped());
        assertEquals(1 + 4 * 2, rig.domain.grantsInUse());
        dataGoesThereAndBack(frontend, 8, 5);
    }

    @Test
    void aDriverThatIsUnboundGoesStraightToSixAndMayComeBack() {
        SimFrontend frontend = rig.connected(config().withQueues(2));
        frontend.unbind(PATIENCE_MS);
        assertTrue(frontend.isClosed());
        assertFalse(frontend.isConnected());
        assertEquals("6", rig.offered("state"));
        assertEquals(0, rig.domain.grantsInUse());
        frontend.kexecReconnect(PATIENCE_MS);
        dataGoesThereAndBack(frontend, 8, 6);
    }

    @Test
    void anOrderlyCloseWaitsForEveryQueue() {
        SimFrontend frontend = rig.connected(config().withQueues(4));
        frontend.queues().forEach(queue -> {
            queue.submit(queue.claim().flush());
            queue.kick();
        });
        frontend.close();
        assertEquals(0, frontend.lost());
        assertEquals(0, rig.domain.grantsInUse());
    }
}
