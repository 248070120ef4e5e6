// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.xenbus;

import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.blkbackd.blkback.blkif.BlkifAbi;

/**
 * What a frontend's directory can be taken to offer. A frontend writes {@code ring-page-order} only for more than one
 * page and {@code multi-queue-num-queues} only for more than one queue, and removes neither; so a kernel started by
 * kexec in the place of another leaves the other's keys beside its own, and one directory has two readings.
 *
 * @param readings the first is xen-blkback's: keys of many queues and pages go before those of one
 */
public record RingReadings(List<RingOffer> readings) {

    private static final int MAX_PORT = (1 << 17) - 1;
    private static final boolean X86 = System.getProperty("os.arch").matches("amd64|x86_64|i386|x86");

    /** The reading to go by: keys that are as they were at the connection before are nobody's any more. */
    public RingOffer choose(RingReadings before) {
        for (RingOffer offer : readings) {
            if (before == null || !before.readings.contains(offer)) {
                return offer;
            }
        }
        return readings.get(0);
    }

    /**
     * Reads a directory.
     *
     * @param path  the frontend's directory
     * @param nodes value of a node below it, null when there is none
     * @throws XenbusFault for anything we do not offer or cannot use
     */
    static RingReadings read(String path, UnaryOperator<String> nodes, RingLimits limits) {
        return new Reader(path, nodes, limits).read();
    }

    private record Reader(String path, UnaryOperator<String> nodes, RingLimits limits) {

        RingReadings read() {
            int queues = number("multi-queue-num-queues", 1, limits.queues(), 1);
            int order = number("ring-page-order", 0, limits.pageOrder(), 0);
            BlkifAbi abi = abi();
            List<RingOffer> readings = new ArrayList<>();
            addOlder(readings, true, queues, order, abi);
            addOlder(readings, queues > 1 && has("event-channel"), 1, order, abi);
            addOlder(readings, order > 0 && queues == 1 && has("ring-ref"), 1, 0, abi);
            addOlder(readings, order > 0 && queues > 1 && has("queue-0/ring-ref"), queues, 0, abi);
            addOlder(readings, order > 0 && queues > 1 && has("ring-ref"), 1, 0, abi);
            // Only when nothing is complete: says what the first reading misses.
            return new RingReadings(readings.isEmpty() ? List.of(new RingOffer(queues(queues, order), abi))
                : List.copyOf(readings));
        }

        private void addOlder(List<RingOffer> readings, boolean possible, int queues, int order, BlkifAbi abi) {
            if (possible) {
                try {
                    readings.add(new RingOffer(queues(queues, order), abi));
                } catch (XenbusFault e) {
                    // Left over and incomplete: another reading stands.
                    return;
                }
            }
        }

        private boolean has(String node) {
            return nodes.apply(node) != null;
        }

        private int number(String node, int least, int most, int otherwise) {
            String value = nodes.apply(node);
            if (value == null) {
                return otherwise;
            }
            int number = Numbers.parse(value, most);
            if (number < least) {
                throw XenbusFault.badValue(path + "/" + node, value, least == most ? "" + most : least + " to " + most);
            }
            return number;
        }

        private BlkifAbi abi() {
            String protocol = nodes.apply("protocol");
            BlkifAbi abi = BlkifAbi.forProtocol(protocol, X86);
            if (abi == null) {
                throw XenbusFault.badValue(path + "/protocol", protocol, "an ABI of this machine (x86_64-abi)");
            }
            return abi;
        }

        private List<RingOffer.Queue> queues(int count, int order) {
            List<RingOffer.Queue> queues = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                queues.add(queue(count == 1 ? "" : "queue-" + i + "/", order));
            }
            return List.copyOf(queues);
        }

        private RingOffer.Queue queue(String folder, int order) {
            int[] refs = new int[1 << order];
            for (int i = 0; i < refs.length; i++) {
                String node = order == 0 ? onlyPage(folder) : folder + "ring-ref" + i;
                String ref = nodes.apply(node);
                long ringRef = Numbers.parseLong(ref, 0xFFFFFFFFL);
                if (ringRef < 0) {
                    throw XenbusFault.badValue(path + "/" + node, ref, "a grant reference");
                }
                refs[i] = (int) ringRef;
            }
            String port = nodes.apply(folder + "event-channel");
            int remotePort = Numbers.parse(port, MAX_PORT);
            if (remotePort < 1) {
                throw XenbusFault.badValue(path + "/" + folder + "event-channel", port, "an event-channel port");
            }
            return new RingOffer.Queue(refs, remotePort);
        }

        /**
         * A ring of one page goes by either name, depending on whose frontend wrote it: {@code ring-ref0} where the
         * order is given, {@code ring-ref} where it is not, unless only the other is there.
         */
        private String onlyPage(String folder) {
            boolean ordered = "0".equals(nodes.apply("ring-page-order"));
            String expected = folder + (ordered ? "ring-ref0" : "ring-ref");
            String other = folder + (ordered ? "ring-ref" : "ring-ref0");
            return has(expected) || !has(other) ? expected : other;
        }
    }
}
