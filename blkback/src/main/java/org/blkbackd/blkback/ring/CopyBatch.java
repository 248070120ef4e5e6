// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.ring;

import org.blkbackd.blkback.blkif.Blkif;
import org.blkbackd.blkback.blkif.BlkifRequest;
import org.blkbackd.grant.GrantCopy;

/**
 * Requests whose data is copied in one crossing, all in one direction. A request's segments lie in its buffer one after
 * the other, without gaps. Lent by a worker to one ring at a time, which leaves it empty.
 */
final class CopyBatch implements AutoCloseable {

    private final GrantCopy copy;
    private final PendingRequest[] requests;
    private int size;
    private boolean failed;

    /** @param capacity requests it can hold; {@code copy} holds as many times {@link Blkif#MAX_SEGMENTS} */
    CopyBatch(GrantCopy copy, int capacity) {
        this.copy = copy;
        requests = new PendingRequest[capacity];
    }

    /** Adds a request of domain {@code domid}; one without segments has nothing to copy, and cannot fail. */
    void add(int domid, PendingRequest request) {
        BlkifRequest blkif = request.blkif();
        request.firstCopy(copy.size());
        long address = request.buffer();
        for (int i = 0; i < blkif.segments(); i++) {
            int bytes = blkif.sectors(i) << Blkif.SECTOR_SHIFT;
            copy.add(domid, blkif.grantRef(i), blkif.firstSector(i) << Blkif.SECTOR_SHIFT, address, bytes);
            address += bytes;
        }
        requests[size++] = request;
    }

    /** Copies everything, in one crossing. */
    void execute() {
        failed = copy.execute() != 0;
    }

    int size() {
        return size;
    }

    PendingRequest request(int index) {
        return requests[index];
    }

    /** Whether all of a request's segments were copied. */
    boolean copied(int index) {
        PendingRequest request = requests[index];
        int segments = request.blkif().segments();
        for (int i = 0; i < segments; i++) {
            if (failed || copy.status(request.firstCopy() + i) != GrantCopy.OKAY) {
                return false;
            }
        }
        return true;
    }

    void clear() {
        copy.clear();
        size = 0;
    }

    @Override
    public void close() {
        copy.close();
    }
}
