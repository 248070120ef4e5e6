// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.sim;

import static org.blkbackd.blkback.sim.FrontendRig.FRONTEND;
import static org.blkbackd.blkback.sim.FrontendRig.PATIENCE_MS;
import static org.blkbackd.blkback.sim.FrontendRig.config;
import static org.blkbackd.blkback.sim.FrontendRig.dataGoesThereAndBack;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Rings of several pages and several rings: what the frontend writes, and that a backend can serve it. */
class RingOfferTest {

    /** What the toolstack writes. */
    private static final Set<String> TOOLSTACK = Set.of("backend", "backend-id", "state", "virtual-device",
        "device-type", "trusted", "protocol");

    @TempDir
    private Path folder;
    private FrontendRig rig;

    @BeforeEach
    void open() {
        rig = new FrontendRig(folder, DoubleBackend.Fault.NONE);
    }

    @AfterEach
    void close() {
        rig.close();
    }

    private Set<String> written() {
        Set<String> names = new TreeSet<>(rig.xenstore.directory(FRONTEND));
        names.removeAll(TOOLSTACK);
        return names;
    }

    @Test
    void oneRingOfOnePageHasTheKeysOfOld() {
        SimFrontend frontend = rig.connected(config());
        assertEquals(Set.of("ring-ref", "event-channel", "feature-persistent"), written());
        assertEquals(Integer.toString(frontend.ringRef()), rig.offered("ring-ref"));
        assertEquals(Integer.toString(frontend.port()), rig.offered("event-channel"));
        assertEquals(1, frontend.queueCount());
        assertEquals(0, frontend.ringOrder());
    }

    @Test
    void oneRingOfFourPagesNumbersThem() {
        rig.offers("max-ring-page-order", 4);
        SimFrontend frontend = rig.connected(config().withRingOrder(2));
        assertEquals(Set.of("ring-page-order", "ring-ref0", "ring-ref1", "ring-ref2", "ring-ref3", "event-channel",
            "feature-persistent"), written());
        assertEquals("2", rig.offered("ring-page-order"));
        int[] refs = frontend.queue(0).ringRefs();
        for (int i = 0; i < 4; i++) {
            assertEquals(Integer.toString(refs[i]), rig.offered("ring-ref" + i));
        }
        assertEquals(128, frontend.ring().slots());
    }

    @Test
    void severalRingsHaveDirectoriesOfTheirOwnAndOneOrder() {
        rig.offers("max-ring-page-order", 1).offers("multi-queue-max-queues", 8);
        SimFrontend frontend = rig.connected(config().withRingOrder(4).withQueues(3));
        assertEquals(Set.of("ring-page-order", "multi-queue-num-queues", "queue-0", "queue-1", "queue-2",
            "feature-persistent"), written());
        assertEquals("3", rig.offered("multi-queue-num-queues"));
        assertEquals("1", rig.offered("ring-page-order"));
        Set<String> values = new TreeSet<>();
        for (FrontQueue queue : frontend.queues()) {
            String directory = "queue-" + queue.index();
            assertEquals(List.of("event-channel", "ring-ref0", "ring-ref1"),
                rig.xenstore.directory(FRONTEND + "/" + directory).stream().sorted().toList());
            assertEquals(Integer.toString(queue.port()), rig.offered(directory + "/event-channel"));
            values.add(rig.offered(directory + "/ring-ref0"));
            values.add(rig.offered(directory + "/ring-ref1"));
        }
        assertEquals(6, values.size());
        assertEquals(6, rig.domain.mappedGrants());
    }

    @Test
    void severalRingsOfOnePageDoNotNumberIt() {
        rig.offers("multi-queue-max-queues", 2);
        rig.connected(config().withQueues(2));
        assertEquals(Set.of("multi-queue-num-queues", "queue-0", "queue-1", "feature-persistent"), written());
        assertNotEquals(rig.offered("queue-0/ring-ref"), rig.offered("queue-1/ring-ref"));
        assertEquals(List.of("event-channel", "ring-ref"),
            rig.xenstore.directory(FRONTEND + "/queue-1").stream().sorted().toList());
    }

    @Test
    void aSinglePageMayBeNumbered() {
        rig.connected(config().with(FrontendQuirk.NUMBERS_SINGLE_PAGE));
        assertEquals(Set.of("ring-page-order", "ring-ref0", "event-channel", "feature-persistent"), written());
        assertEquals("0", rig.offered("ring-page-order"));
    }

    @Test
    void withoutProtocolNoneIsWritten() {
        FrontendConfig config = FrontendConfig.x86With32Bits(FrontendRig.DISK.devid()).withProtocol(null);
        dataGoesThereAndBack(rig.connected(config), 8, 1);
        assertNull(rig.offered("protocol"));
    }

    @ParameterizedTest
    @CsvSource({"0,1", "1,1", "2,2", "3,3", "4,4", "4,1", "0,4"})
    void everyRequestOfEveryQueueIsServed(int order, int queues) {
        rig.offers("max-ring-page-order", order).offers("multi-queue-max-queues", queues);
        for (FrontendConfig config : List.of(FrontendConfig.of(FrontendRig.DISK.devid()),
            FrontendConfig.x86With32Bits(FrontendRig.DISK.devid()))) {
            SimFrontend frontend = new SimFrontend(rig.guest, rig.domain,
                config.withRingOrder(order).withQueues(queues).limit(32 << order, 1));
            frontend.kexecReconnect(PATIENCE_MS);
            assertEquals(queues, frontend.queueCount());
            dataGoesThereAndBack(frontend, 1, 20 + order);
            assertTrue(rig.backend.queues.stream().allMatch(queue -> queue.served == 64L << order));
            frontend.close();
            assertEquals(0, rig.domain.grantsInUse());
        }
    }

    @ParameterizedTest
    @CsvSource({"-1,1", "5,1", "0,0", "0,65"})
    void impossibleWishesAreRefused(int order, int queues) {
        assertThrows(IllegalArgumentException.class, () -> config().withRingOrder(order).withQueues(queues));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "x", "-1", "4294967296", "0"})
    void whatIsNoOfferCountsAsNone(String value) {
        rig.offers("max-ring-page-order", value).offers("multi-queue-max-queues", value);
        SimFrontend frontend = rig.connected(config().withRingOrder(3).withQueues(3));
        assertEquals(0, frontend.ringOrder());
        assertEquals(1, frontend.queueCount());
        assertEquals(Set.of("ring-ref", "event-channel", "feature-persistent"), written());
    }

    @Test
    void theLimitsCanBeIgnored() {
        SimFrontend frontend = new SimFrontend(rig.guest, rig.domain,
            config().withRingOrder(3).withQueues(2).with(FrontendQuirk.IGNORES_LIMITS));
        frontend.offer();
        assertEquals("3", rig.offered("ring-page-order"));
        assertEquals("2", rig.offered("multi-queue-num-queues"));
        frontend.awaitConnected(PATIENCE_MS);
        assertEquals(16, rig.domain.mappedGrants());
    }

    @Test
    void theNextKernelLeavesNoKeyOfTheOneBefore() {
        rig.offers("max-ring-page-order", 4).offers("multi-queue-max-queues", 4);
        SimFrontend frontend = rig.connected(config().withRingOrder(2).withQueues(4));
        frontend.close();
        frontend.kexecReconnect(config(), PATIENCE_MS);
        assertEquals(Set.of("ring-ref", "event-channel", "feature-persistent"), written());
        dataGoesThereAndBack(frontend, 8, 2);
    }

    @Test
    void aKernelThatCleansNothingLeavesEveryKey() {
        rig.offers("max-ring-page-order", 4).offers("multi-queue-max-queues", 4);
        SimFrontend frontend = rig.connected(config().withRingOrder(2).withQueues(4));
        frontend.close();
        frontend = new SimFrontend(rig.guest, rig.domain, config().with(FrontendQuirk.LEAVES_STALE_KEYS));
        // The backend stays at 6: the double would believe the old keys.
        frontend.offer();
        assertEquals("4", rig.offered("multi-queue-num-queues"));
        assertEquals("2", rig.offered("ring-page-order"));
        assertEquals(Integer.toString(frontend.ringRef()), rig.offered("ring-ref"));
        frontend.crash();
    }
}
