// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.ring;

import org.blkbackd.blkback.blkif.Blkif;
import org.blkbackd.blkback.blkif.BlkifRequest;
import org.blkbackd.grant.GrantCopy;

/**
 * Requests whose data, or whose descriptors, are copied in one crossing, all in one direction. Lent by a worker to one
 * ring at a time, which leaves it empty.
 */
final class CopyBatch implements AutoCloseable {

    /**
     * What has as much data is copied before more is added: as long as a copy takes, the storage has nothing to write
     * of it, or the guest nothing to read. As much as the largest request has.
     */
    private static final int MOST_BYTES = Blkif.MAX_INDIRECT_SEGMENTS * Blkif.PAGE_SIZE;

    private final GrantCopy copy;
    private final BufferPool pool;
    private final PendingRequest[] requests;
    private final WorkerCounters counters;
    private int size;
    private int bytes;
    private boolean failed;

    /**
     * @param pool     the buffers on our side
     * @param requests it can hold
     */
    CopyBatch(GrantCopy copy, BufferPool pool, int requests, WorkerCounters counters) {
        this.counters = counters;
        this.copy = copy;
        this.pool = pool;
        this.requests = new PendingRequest[requests];
    }

    /** Whether a request with as many segments can be added. */
    boolean hasRoom(int segments) {
        return size < requests.length && bytes < MOST_BYTES && copy.size() + segments <= copy.capacity();
    }

    /** Adds the data of a request of domain {@code domid}, which has its chunks. */
    void addData(int domid, PendingRequest request) {
        BlkifRequest blkif = request.blkif();
        request.copies(copy.size(), blkif.segments());
        request.rewind();
        for (int i = 0; i < blkif.segments(); i++) {
            long address = request.next(pool, i);
            copy.add(domid, blkif.grantRef(i), blkif.firstSector(i) << Blkif.SECTOR_SHIFT, address, request.bytes(i));
            bytes += request.bytes(i);
        }
        requests[size++] = request;
    }

    /** Adds the descriptors of an indirect request, which has its table. */
    void addDescriptors(int domid, PendingRequest request) {
        BlkifRequest blkif = request.blkif();
        request.copies(copy.size(), 1);
        copy.add(domid, blkif.descriptorGrantRef(), 0, pool.address(request.table()), blkif.descriptorBytes());
        requests[size++] = request;
    }

    /** Copies everything, in one crossing. */
    void execute() {
        if (size > 0) {
            counters.add(WorkerCounters.Counter.COPIES, 1);
            failed = copy.execute() != 0;
        }
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
        for (int i = 0; i < request.copyCount(); i++) {
            if (failed || copy.status(request.firstCopy() + i) != GrantCopy.OKAY) {
                return false;
            }
        }
        return true;
    }

    void clear() {
        copy.clear();
        size = 0;
        bytes = 0;
    }

    @Override
    public void close() {
        copy.close();
    }
}
