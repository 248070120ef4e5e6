// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.xenbus;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.Map;
import org.blkbackd.blkback.xenbus.RingOffer.Queue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a frontend's directory is taken to offer: nodes as Linux, mini-os and others write them. */
class RingReadingsTest {

    private static final RingLimits LIMITS = new RingLimits(4, 4);
    private static final String PROTOCOL =
        System.getProperty("os.arch").equals("aarch64") ? "arm-abi" : "x86_64-abi";

    private final Map<String, String> nodes = new HashMap<>(Map.of("protocol", PROTOCOL));

    private void put(String... namesAndValues) {
        for (int i = 0; i < namesAndValues.length; i += 2) {
            nodes.put(namesAndValues[i], namesAndValues[i + 1]);
        }
    }

    private RingReadings read() {
        return RingReadings.read("device/vbd/51712", nodes::get, LIMITS);
    }

    private RingOffer first() {
        return read().choose(null);
    }

    private static void assertQueue(Queue queue, int port, int... refs) {
        assertArrayEquals(refs, queue.ringRefs());
        assertEquals(port, queue.port());
    }

    @Test
    void onePage() {
        put("ring-ref", "8", "event-channel", "5");
        assertQueue(first().queues().get(0), 5, 8);
    }

    @ParameterizedTest
    @CsvSource({"ring-ref", "ring-ref0"})
    void onePageOfOrderZeroGoesByEitherName(String name) {
        put("ring-page-order", "0", name, "8", "event-channel", "5");
        assertQueue(first().queues().get(0), 5, 8);
    }

    @Test
    void onePageWithoutAnOrderMayGoByTheOtherName() {
        put("ring-ref0", "8", "event-channel", "5");
        assertQueue(first().queues().get(0), 5, 8);
    }

    @Test
    void anOrderOfZeroPrefersTheNameThatGoesWithIt() {
        put("ring-page-order", "0", "ring-ref", "7", "ring-ref0", "8", "event-channel", "5");
        assertQueue(first().queues().get(0), 5, 8);
    }

    @Test
    void sixteenPages() {
        int[] refs = new int[16];
        put("ring-page-order", "4", "event-channel", "5");
        for (int i = 0; i < 16; i++) {
            refs[i] = 100 + i;
            put("ring-ref" + i, "" + refs[i]);
        }
        assertQueue(first().queues().get(0), 5, refs);
    }

    @Test
    void grantReferencesAreUnsigned() {
        put("ring-ref", "4294967295", "event-channel", "131071");
        assertQueue(first().queues().get(0), 131071, -1);
    }

    @Test
    void fourQueuesOfTwoPages() {
        fourQueues(10);
        RingOffer offer = first();
        assertEquals(4, offer.queues().size());
        for (int i = 0; i < 4; i++) {
            assertQueue(offer.queues().get(i), 10 + i, 20 + i, 30 + i);
        }
    }

    private void fourQueues(int firstPort) {
        put("multi-queue-num-queues", "4", "ring-page-order", "1");
        for (int i = 0; i < 4; i++) {
            put("queue-" + i + "/event-channel", "" + (firstPort + i), "queue-" + i + "/ring-ref0", "" + (20 + i),
                "queue-" + i + "/ring-ref1", "" + (30 + i));
        }
    }

    @Test
    void oneQueueLiesInTheDirectoryItself() {
        put("multi-queue-num-queues", "1", "ring-ref", "8", "event-channel", "5");
        assertQueue(first().queues().get(0), 5, 8);
    }

    @ParameterizedTest
    @CsvSource({"multi-queue-num-queues, 5", "multi-queue-num-queues, 0", "ring-page-order, 5",
        "ring-page-order, 99999999999", "event-channel, 0", "ring-ref, 4294967296", "protocol, ia64-abi"})
    void whatWasNotOfferedIsRefusedByName(String node, String value) {
        put("ring-ref", "8", "event-channel", "5", node, value);
        XenbusFault fault = assertThrows(XenbusFault.class, this::read);
        assertTrue(fault.getMessage().startsWith("device/vbd/51712/" + node + " is \"" + value + "\", must be "),
            fault.getMessage());
    }

    @ParameterizedTest
    @CsvSource({"queue-3/event-channel", "queue-0/ring-ref1", "queue-2/ring-ref0"})
    void everyQueueMustBeThere(String missing) {
        fourQueues(10);
        nodes.remove(missing);
        XenbusFault fault = assertThrows(XenbusFault.class, this::read);
        assertTrue(fault.getMessage().contains(missing + " is missing"), fault.getMessage());
    }

    @Test
    void aKernelWithOneQueueAfterOneWithFour() {
        fourQueues(10);
        RingReadings before = read();
        assertEquals(4, before.choose(null).queues().size());
        put("ring-ref", "8", "event-channel", "5");
        assertQueue(read().choose(before).queues().get(0), 5, 8);
    }

    @Test
    void aKernelWithFourQueuesAfterOneWithOne() {
        put("ring-ref", "8", "event-channel", "5");
        RingReadings before = read();
        fourQueues(10);
        assertEquals(4, read().choose(before).queues().size());
    }

    @Test
    void aKernelWithOnePageAfterOneWithTwo() {
        put("ring-page-order", "1", "ring-ref0", "6", "ring-ref1", "7", "event-channel", "5");
        RingReadings before = read();
        put("ring-ref", "8");
        assertQueue(read().choose(before).queues().get(0), 5, 8);
    }

    @Test
    void aLeftOverNumberOfPagesDoesNotSpoilACompleteOffer() {
        put("ring-page-order", "2", "ring-ref", "8", "event-channel", "5");
        assertQueue(first().queues().get(0), 5, 8);
        nodes.remove("ring-ref");
        XenbusFault fault = assertThrows(XenbusFault.class, this::read);
        assertTrue(fault.getMessage().contains("ring-ref0 is missing"), fault.getMessage());
    }

    @Test
    void theSameKernelAgainWithTheSameKeys() {
        fourQueues(10);
        put("ring-ref", "8", "event-channel", "5");
        RingReadings before = read();
        assertEquals(before.choose(null), read().choose(before), "as xen-blkback reads it");
    }
}
