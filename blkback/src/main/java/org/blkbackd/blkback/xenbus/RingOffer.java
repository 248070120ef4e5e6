// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.xenbus;

import java.util.Arrays;
import java.util.List;
import org.blkbackd.blkback.blkif.BlkifAbi;

/**
 * What a frontend offers to connect to, judged.
 *
 * @param queues its rings, one at least
 * @param abi    the layout of their slots
 */
public record RingOffer(List<Queue> queues, BlkifAbi abi) {

    /**
     * One ring.
     *
     * @param ringRefs grants of its pages in order
     * @param port     the frontend's event channel
     */
    public record Queue(int[] ringRefs, int port) {

        @Override
        public boolean equals(Object other) {
            return other instanceof Queue that && Arrays.equals(ringRefs, that.ringRefs) && port == that.port;
        }

        @Override
        public int hashCode() {
            return Arrays.hashCode(ringRefs) * 31 + port;
        }

        @Override
        public String toString() {
            return "ring-ref " + Arrays.toString(ringRefs) + " event-channel " + port;
        }
    }

    @Override
    public String toString() {
        return abi + ", " + queues;
    }
}
