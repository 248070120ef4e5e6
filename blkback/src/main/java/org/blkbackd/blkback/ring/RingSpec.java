// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.ring;

import org.blkbackd.blkback.blkif.BlkifAbi;
import org.blkbackd.blkback.blkif.DiskLimits;
import org.blkbackd.blkback.blkif.ErrorPolicy;
import org.blkbackd.blkback.journal.RingJournal;
import org.blkbackd.ioengine.Disk;

/**
 * What a ring is made from, all of it already judged.
 *
 * @param name       of the vbd, for messages
 * @param queue      which of the vbd's rings this is, from 0
 * @param domid      of the frontend
 * @param ringRefs   grants of the ring's pages in order
 * @param remotePort the frontend's event channel
 * @param abi        the layout of its slots
 * @param disk       stays open until the ring is released
 * @param limits     what requests are judged by at first
 * @param policy     what becomes of requests that the disk fails
 * @param throttle   of the disk, shared by all its rings
 * @param journal    of the ring
 * @param start      how the ring is found
 */
public record RingSpec(String name, int queue, int domid, int[] ringRefs, int remotePort, BlkifAbi abi, Disk disk,
                       DiskLimits limits, ErrorPolicy policy, Throttle throttle, RingJournal journal,
                       Start start) {

    /** How a ring is found. */
    public enum Start {
        /** The frontend has just made it. */
        NEW,
        /** An earlier process has served it; the journal knows what is in flight. */
        JOURNALED,
        /** An earlier process has served it and left no journal: it can be taken up only if nothing is in flight. */
        UNKNOWN
    }
}
