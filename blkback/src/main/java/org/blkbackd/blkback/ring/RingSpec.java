// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.ring;

import org.blkbackd.blkback.blkif.BlkifAbi;
import org.blkbackd.ioengine.Disk;

/**
 * What a ring is made from, all of it already judged.
 *
 * @param name       of the vbd, for messages
 * @param domid      of the frontend
 * @param ringRefs   grants of the ring's pages in order
 * @param remotePort the frontend's event channel
 * @param abi        the layout of its slots
 * @param disk       stays open until the ring is released
 * @param sectors    the size the frontend was told, in 512-byte units
 * @param readOnly   refuse everything that changes data
 */
public record RingSpec(String name, int domid, int[] ringRefs, int remotePort, BlkifAbi abi, Disk disk, long sectors,
                       boolean readOnly) {
}
