// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.device;

import static org.blkbackd.blkback.device.HostRig.PATIENCE_MS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.stream.Stream;
import org.blkbackd.blkback.sim.DiskConfig;
import org.blkbackd.blkback.sim.FrontendConfig;
import org.blkbackd.blkback.sim.FrontendException;
import org.blkbackd.blkback.sim.FrontendQuirk;
import org.blkbackd.blkback.sim.GuestTraffic;
import org.blkbackd.blkback.sim.SimFrontend;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Rings of every size and number, each through the whole handshake and with data that is found again. */
class EveryRingTest {

    private static final DiskConfig DISK = DiskConfig.vbd(1, "xvda", "memory:4M");
    private static final long SECTORS = 4 << 11;

    @TempDir
    private Path dir;
    private HostRig host;
    private SimFrontend frontend;

    @BeforeEach
    void start() {
        host = new HostRig(dir, null, 4);
        host.domain(1);
        host.toolstack.attach(DISK);
    }

    @AfterEach
    void leavesNothing() {
        if (frontend != null) {
            frontend.close(PATIENCE_MS);
            assertEquals(0, frontend.violations());
        }
        host.toolstack.detach(DISK);
        host.nothingIsLeft();
        assertEquals(0, host.domain(1).grantsInUse());
        host.close();
    }

    private SimFrontend use(FrontendConfig config) {
        frontend = new SimFrontend(host.guest(1), host.domain(1), config);
        return frontend;
    }

    static Stream<FrontendConfig> layouts() {
        FrontendConfig narrow = FrontendConfig.x86With32Bits(DISK.devid());
        return Stream.of(FrontendConfig.of(DISK.devid()), narrow, narrow.withProtocol(null));
    }

    @ParameterizedTest
    @MethodSource("layouts")
    void everyOrderAndEveryNumberOfQueuesIsServed(FrontendConfig layout) {
        use(layout);
        for (int order = 0; order <= FrontendConfig.MAX_RING_ORDER; order++) {
            for (int queues = 1; queues <= 4; queues++) {
                FrontendConfig config = layout.withRingOrder(order).withQueues(queues).limit(32 << order, 1);
                frontend.kexecReconnect(config, PATIENCE_MS);
                assertEquals(order, frontend.ringOrder());
                assertEquals(queues, frontend.queueCount());
                assertEquals(32 << order, frontend.queue(queues - 1).ring().slots());
                assertEquals(queues << order, host.domain(1).mappedGrants(), config::toString);
                GuestTraffic.thereAndBack(frontend, SECTORS, 3, order * 10 + queues);
                frontend.close(PATIENCE_MS);
                assertEquals(0, host.domain(1).grantsInUse(), config::toString);
            }
        }
    }

    @Test
    void aFrontendThatWantsMoreTakesWhatThereIs() {
        FrontendConfig config = FrontendConfig.of(DISK.devid()).withQueues(9).withRingOrder(4);
        use(config.limit(8, 2)).connect(PATIENCE_MS);
        assertEquals(4, frontend.queueCount());
        GuestTraffic.thereAndBack(frontend, SECTORS, 16, 1);
    }

    @ParameterizedTest
    @CsvSource({"0, 1", "0, 3", "2, 2"})
    void aSinglePageMayBeNumbered(int order, int queues) {
        use(FrontendConfig.of(DISK.devid()).with(FrontendQuirk.NUMBERS_SINGLE_PAGE).withRingOrder(order)
            .withQueues(queues)).connect(PATIENCE_MS);
        GuestTraffic.thereAndBack(frontend, SECTORS, 88, 2);
    }

    @Test
    void moreQueuesThanThereAreCloseTheDevice() {
        use(FrontendConfig.of(DISK.devid()).withQueues(5).limit(1, 1).with(FrontendQuirk.IGNORES_LIMITS));
        assertThrows(FrontendException.class, () -> frontend.connect(PATIENCE_MS));
        host.awaitState(DISK, 6);
        assertTrue(host.error(DISK).contains("multi-queue-num-queues"), host.error(DISK));
        frontend.kexecReconnect(FrontendConfig.of(DISK.devid()), PATIENCE_MS);
        GuestTraffic.thereAndBack(frontend, SECTORS, 8, 3);
    }

    /** Old keys, then new ones beside them, as Linux leaves them. */
    @ParameterizedTest
    @CsvSource({"0,1,2,1", "2,1,0,1", "0,1,0,4", "0,4,0,1", "2,3,0,1", "0,1,2,3", "3,2,1,2", "1,2,3,2", "2,1,2,4",
        "2,4,2,1"})
    void aKernelThatLeavesTheKeysOfAnotherIsUnderstood(int order, int queues, int nextOrder, int nextQueues) {
        FrontendConfig config = FrontendConfig.of(DISK.devid()).with(FrontendQuirk.LEAVES_STALE_KEYS).limit(8, 2);
        use(config.withRingOrder(order).withQueues(queues)).connect(PATIENCE_MS);
        GuestTraffic.thereAndBack(frontend, SECTORS, 16, 4);
        frontend.close(PATIENCE_MS);
        frontend.kexecReconnect(config.withRingOrder(nextOrder).withQueues(nextQueues), PATIENCE_MS);
        GuestTraffic.thereAndBack(frontend, SECTORS, 16, 5);
        frontend.close(PATIENCE_MS);
        frontend.kexecReconnect(config.withRingOrder(order).withQueues(queues), PATIENCE_MS);
        GuestTraffic.thereAndBack(frontend, SECTORS, 16, 6);
    }

    @Test
    void aCrashKernelFindsItsDisk() {
        use(FrontendConfig.of(DISK.devid()).withRingOrder(3).withQueues(4).limit(64, 2)).connect(PATIENCE_MS);
        for (int round = 0; round < 5; round++) {
            frontend.queues().forEach(queue -> {
                queue.submit(queue.claim().write(0, 16));
                queue.kick();
            });
            frontend.crash();
            frontend.kexecReconnect(FrontendConfig.of(DISK.devid()).withQueues(1 + round % 2).withRingOrder(round),
                PATIENCE_MS);
            assertEquals(0, frontend.stillMapped());
            GuestTraffic.thereAndBack(frontend, SECTORS, 88, round);
        }
    }

    @Test
    void aDriverMayBeUnboundAndBoundAgain() {
        use(FrontendConfig.of(DISK.devid()).withQueues(2)).connect(PATIENCE_MS);
        for (int round = 0; round < 5; round++) {
            GuestTraffic.thereAndBack(frontend, SECTORS, 88, round);
            frontend.unbind(PATIENCE_MS);
            frontend.kexecReconnect(PATIENCE_MS);
        }
    }
}
