// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.ring;

import org.blkbackd.blkback.blkif.Blkif;
import org.blkbackd.blkback.blkif.BlkifRequest;
import org.blkbackd.ioengine.IoRequest;

/** A request in flight, from the ring to its response. Pooled; owned by its ring, lent to the engine. */
final class PendingRequest extends IoRequest {

    private final BlkifRequest blkif = new BlkifRequest();
    private long buffer;
    private int firstCopy;

    PendingRequest() {
        super(1);
    }

    BlkifRequest blkif() {
        return blkif;
    }

    /** Address of our buffer for its data, 0 when it has none. */
    long buffer() {
        return buffer;
    }

    void buffer(long address) {
        buffer = address;
    }

    /** Index of its first segment in the copy batch it is part of. */
    int firstCopy() {
        return firstCopy;
    }

    void firstCopy(int index) {
        firstCopy = index;
    }

    /** Prepares the transfer of its data, which lies in {@link #buffer} without gaps. */
    void prepareData(Operation operation) {
        prepare(operation, blkif.sector() << Blkif.SECTOR_SHIFT);
        add(buffer, blkif.sectors() << Blkif.SECTOR_SHIFT);
    }
}
