// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.sim;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.blkbackd.grant.sim.GuestPage;
import org.blkbackd.grant.sim.SimDomain;

/** Pages of a guest that its backend may use, given back all at once. Owned by the guest's thread. */
final class GuestMemory {

    /** A page the backend may read and write, and its grant. */
    record Granted(ByteBuffer buffer, int ref) {
    }

    private final SimDomain domain;
    private final int backendDomid;
    private final List<GuestPage> pages = new ArrayList<>();
    private final List<Integer> refs = new ArrayList<>();

    GuestMemory(SimDomain domain, int backendDomid) {
        this.domain = domain;
        this.backendDomid = backendDomid;
    }

    Granted page() {
        GuestPage page = domain.allocatePage();
        return new Granted(page.buffer(), grant(page));
    }

    Granted[] pages(int count) {
        Granted[] granted = new Granted[count];
        for (int i = 0; i < count; i++) {
            granted[i] = page();
        }
        return granted;
    }

    /** Pages that lie one behind the other for us; {@code grantRefs} is filled with one grant for each. */
    ByteBuffer run(int[] grantRefs) {
        GuestPage[] run = domain.allocatePages(grantRefs.length);
        for (int i = 0; i < run.length; i++) {
            grantRefs[i] = grant(run[i]);
        }
        return domain.buffer(run);
    }

    private int grant(GuestPage page) {
        pages.add(page);
        int ref = domain.grant(backendDomid, page, false);
        refs.add(ref);
        return ref;
    }

    /** Whether the backend still maps any of them. */
    boolean isMapped() {
        return refs.stream().anyMatch(domain::isMapped);
    }

    /** Only while nothing {@link #isMapped}. */
    void release() {
        refs.forEach(domain::endAccess);
        pages.forEach(GuestPage::close);
        refs.clear();
        pages.clear();
    }
}
