// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.xenbus;

import java.util.Arrays;
import org.blkbackd.blkback.blkif.BlkifAbi;

/**
 * What a frontend offers to connect to, judged.
 *
 * @param ringRefs grants of the ring's pages in order
 * @param port     the frontend's event channel
 * @param abi      the layout of its ring
 */
public record RingOffer(int[] ringRefs, int port, BlkifAbi abi) {

    @Override
    public String toString() {
        return "ring-ref " + Arrays.toString(ringRefs) + ", event-channel " + port + ", " + abi;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof RingOffer that && Arrays.equals(ringRefs, that.ringRefs) && port == that.port
            && abi == that.abi;
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(ringRefs) * 31 + port;
    }
}
