// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.grant.sim;

import com.sun.jna.Native;
import java.util.Arrays;
import org.blkbackd.grant.Errno;
import org.blkbackd.grant.GrantCopy;
import org.blkbackd.grant.GrantException;
import org.blkbackd.grant.GrantMapping;
import org.blkbackd.grant.GrantTable;
import org.blkbackd.grant.LibC;
import org.blkbackd.grant.MappedPages;

/** The grant table of a simulated backend domain. Like gntdev, it says EINVAL for every grant that cannot be mapped. */
final class SimGrantTable implements GrantTable {

    private static final int PROT_NONE = 0;
    private static final int MAP_RESERVE = 0x2 | 0x20 | 0x4000; // MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE
    private static final int MREMAP_FIXED = 1 | 2; // MREMAP_MAYMOVE | MREMAP_FIXED

    private final SimHypervisor hypervisor;
    private final int localDomid;

    SimGrantTable(SimHypervisor hypervisor, int localDomid) {
        this.hypervisor = hypervisor;
        this.localDomid = localDomid;
    }

    @Override
    public GrantMapping map(int domid, int[] grantRefs) {
        int[] refs = grantRefs.clone();
        DomainMemory guest = hypervisor.existing(domid);
        int errno = hypervisor.faults().ofCall(SimFaults.Call.MAP);
        if (errno != 0) {
            throw GrantException.ofMap(domid, refs, errno);
        }
        if (guest == null || refs.length == 0) {
            throw GrantException.ofMap(domid, refs, Errno.EINVAL);
        }
        long length = (long) refs.length * PAGE_SIZE;
        long address = LibC.mmap(0, length, PROT_NONE, MAP_RESERVE, -1, 0);
        if (address == -1) {
            throw GrantException.ofMap(domid, refs, Native.getLastError());
        }
        int mapped = 0;
        while (errno == 0 && mapped < refs.length) {
            errno = map(guest, refs[mapped], address + (long) mapped * PAGE_SIZE);
            mapped += errno == 0 ? 1 : 0;
        }
        if (errno != 0) {
            release(guest, Arrays.copyOf(refs, mapped), address, length);
            throw GrantException.ofMap(domid, refs, errno);
        }
        return new MappedPages(address, length, () -> release(guest, refs, address, length));
    }

    @Override
    public GrantCopy newCopy(GrantCopy.Direction direction, int capacity) {
        return new SimGrantCopy(hypervisor, localDomid, direction, capacity);
    }

    /** Nothing to do: mappings outlive the handle, and it holds nothing else. */
    @Override
    public void close() {
    }

    private int map(DomainMemory guest, int grantRef, long address) {
        int errno = hypervisor.faults().ofMap(guest.domid, grantRef);
        if (errno != 0 || !SharedGrants.isRef(grantRef)) {
            return errno != 0 ? errno : Errno.EINVAL;
        }
        if (!guest.grants.addMapper(grantRef, token(), hypervisor.members())) {
            return Errno.ENOSPC;
        }
        int state = guest.grants.state(grantRef);
        int page = guest.grants.page(grantRef);
        boolean allowed = SharedGrants.kind(state) == SharedGrants.WRITABLE
            && SharedGrants.grantee(state) == localDomid && SharedPages.isPage(page);
        // An old length of zero makes a second mapping of the same pages (mremap(2)).
        if (allowed && LibC.mremap(guest.pages.address(page), 0, PAGE_SIZE, MREMAP_FIXED, address) == -1) {
            errno = Native.getLastError();
        }
        if (!allowed || errno != 0) {
            guest.grants.removeMapper(grantRef, token());
        }
        return allowed ? errno : Errno.EINVAL;
    }

    /** Unmaps first: a grant must never look free while its page can still be reached. */
    private void release(DomainMemory guest, int[] refs, long address, long length) {
        LibC.munmap(address, length);
        for (int grantRef : refs) {
            guest.grants.removeMapper(grantRef, token());
        }
    }

    private int token() {
        return hypervisor.members().token();
    }
}
