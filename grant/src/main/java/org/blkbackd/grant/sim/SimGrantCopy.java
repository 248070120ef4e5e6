// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.grant.sim;

import static org.blkbackd.grant.GrantTable.PAGE_SIZE;

import org.blkbackd.grant.GrantCopy;
import org.blkbackd.grant.GrantStatus;
import org.blkbackd.grant.LibC;

/** Copies to and from pages of simulated guests, one memcpy a segment. */
final class SimGrantCopy implements GrantCopy {

    private final SimHypervisor hypervisor;
    private final int localDomid;
    private final boolean toGuest;
    private final int[] domids;
    private final int[] grantRefs;
    private final int[] offsets;
    private final int[] lengths;
    private final long[] addresses;
    private final int[] statuses;
    private int size;

    SimGrantCopy(SimHypervisor hypervisor, int localDomid, Direction direction, int capacity) {
        this.hypervisor = hypervisor;
        this.localDomid = localDomid;
        this.toGuest = direction == Direction.TO_GUEST;
        if (capacity < 1) {
            throw new IllegalArgumentException("capacity " + capacity);
        }
        domids = new int[capacity];
        grantRefs = new int[capacity];
        offsets = new int[capacity];
        lengths = new int[capacity];
        addresses = new long[capacity];
        statuses = new int[capacity];
    }

    @Override
    public int capacity() {
        return domids.length;
    }

    @Override
    public int size() {
        return size;
    }

    @Override
    public void clear() {
        size = 0;
    }

    @Override
    public int add(int domid, int grantRef, int offsetBytes, long address, int lengthBytes) {
        if (size == domids.length) {
            throw new IllegalStateException("the batch holds " + size + " segments already");
        }
        if (offsetBytes < 0 || lengthBytes < 0 || offsetBytes > PAGE_SIZE - lengthBytes) {
            throw new IllegalArgumentException(lengthBytes + " bytes at " + offsetBytes + " leave the page");
        }
        domids[size] = domid;
        grantRefs[size] = grantRef;
        offsets[size] = offsetBytes;
        lengths[size] = lengthBytes;
        addresses[size] = address;
        statuses[size] = GrantStatus.GENERAL_ERROR;
        return size++;
    }

    @Override
    public int execute() {
        if (size == 0) {
            return 0;
        }
        int errno = hypervisor.faults().ofCall(SimFaults.Call.COPY);
        for (int i = 0; i < size; i++) {
            statuses[i] = errno == 0 ? copy(i) : GrantStatus.GENERAL_ERROR;
        }
        return -errno;
    }

    @Override
    public int status(int index) {
        if (index >= size) {
            throw new IndexOutOfBoundsException(index);
        }
        return statuses[index];
    }

    /** Nothing to do: the batch holds no native memory. */
    @Override
    public void close() {
    }

    private int copy(int index) {
        DomainMemory guest = hypervisor.existing(domids[index]);
        int grantRef = grantRefs[index];
        if (guest == null) {
            return GrantStatus.BAD_DOMAIN;
        }
        int fault = hypervisor.faults().ofCopy(guest.domid, grantRef);
        if (fault != 0) {
            return fault;
        }
        int state = SharedGrants.isRef(grantRef) ? guest.grants.state(grantRef) : 0;
        if (!SharedGrants.isGranted(state)) {
            return GrantStatus.BAD_GRANT_REF;
        }
        if (SharedGrants.grantee(state) != localDomid) {
            return GrantStatus.BAD_DOMAIN;
        }
        if (toGuest && SharedGrants.kind(state) == SharedGrants.READ_ONLY) {
            return GrantStatus.PERMISSION_DENIED;
        }
        int page = guest.grants.page(grantRef);
        if (!SharedPages.isPage(page)) {
            return GrantStatus.BAD_PAGE;
        }
        long theirs = guest.pages.address(page) + offsets[index];
        LibC.memcpy(toGuest ? theirs : addresses[index], toGuest ? addresses[index] : theirs, lengths[index]);
        return GrantStatus.OKAY;
    }
}
