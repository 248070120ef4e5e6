// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.grant.sim;

import java.nio.ByteBuffer;
import org.blkbackd.grant.EventChannels;

/**
 * A domain as its own kernel sees it: pages, grants and ports to offer to a backend. Closing lets go of this view only
 * and closes the ports that were allocated through it; the domain, its pages and grants live until {@link #destroy}.
 *
 * <p>Pages and grants may be used from any thread; ports belong to one thread, as in {@link EventChannels}.
 */
public final class SimDomain implements AutoCloseable {

    private final SimHypervisor hypervisor;
    private final DomainMemory domain;
    private final SimEventChannels channels;

    SimDomain(SimHypervisor hypervisor, DomainMemory domain) {
        this.hypervisor = hypervisor;
        this.domain = domain;
        this.channels = hypervisor.openChannels(domain);
    }

    /** The domain's number. */
    public int domid() {
        return domain.domid;
    }

    /** A zeroed page. */
    public GuestPage allocatePage() {
        return new GuestPage(domain, claimPages(1));
    }

    /** Zeroed pages at consecutive addresses, as a ring of several pages needs them. */
    public GuestPage[] allocatePages(int count) {
        int first = claimPages(count);
        GuestPage[] pages = new GuestPage[count];
        for (int i = 0; i < count; i++) {
            pages[i] = new GuestPage(domain, first + i);
        }
        return pages;
    }

    /** One buffer over {@code pages}, which came from one {@link #allocatePages}, in little-endian order. */
    public ByteBuffer buffer(GuestPage[] pages) {
        return domain.pages.buffer(pages[0].index(), pages.length);
    }

    /** Grants {@code page} to {@code backendDomid} and returns the reference. A page may be granted more than once. */
    public int grant(int backendDomid, GuestPage page, boolean readOnly) {
        if (backendDomid < 0 || backendDomid >= SimHypervisor.DOMIDS || page.domain() != domain) {
            throw new IllegalArgumentException("not a page of ours, or not a domain: " + backendDomid);
        }
        domain.pages.addGrants(page.index(), 1);
        int grantRef = domain.grants.grant(backendDomid, page.index(), readOnly);
        if (grantRef < 0) {
            domain.pages.addGrants(page.index(), -1);
            throw new IllegalStateException("the grant table of domain " + domain.domid + " is full");
        }
        return grantRef;
    }

    /**
     * Takes a grant back.
     *
     * @throws IllegalStateException while it is mapped, IllegalArgumentException when there is no such grant
     */
    public void endAccess(int grantRef) {
        SharedGrants grants = domain.grants;
        int state = SharedGrants.isRef(grantRef) ? grants.state(grantRef) : 0;
        if (SharedGrants.kind(state) < SharedGrants.WRITABLE) {
            throw new IllegalArgumentException("grant " + grantRef + " of domain " + domain.domid + " is not in use");
        }
        if (isMapped(grantRef)) {
            throw stillMapped(grantRef);
        }
        int page = grants.page(grantRef);
        // Killed between the two, the grant is no longer valid, and who looks at it again may end it.
        if (!grants.beginEnd(grantRef, state)) {
            throw new IllegalStateException("grant " + grantRef + " is being ended by another thread");
        }
        if (!grants.finishEnd(grantRef, state, hypervisor.members())) {
            throw stillMapped(grantRef);
        }
        domain.pages.addGrants(page, -1);
    }

    /** Whether anybody alive has mapped the grant. */
    public boolean isMapped(int grantRef) {
        return SharedGrants.isRef(grantRef) && domain.grants.isMapped(grantRef, hypervisor.members());
    }

    /** Grants that were not taken back yet. */
    public int grantsInUse() {
        int inUse = 0;
        for (int grantRef = SharedGrants.FIRST; grantRef < domain.grants.end(); grantRef++) {
            inUse += SharedGrants.kind(domain.grants.state(grantRef)) >= SharedGrants.WRITABLE ? 1 : 0;
        }
        return inUse;
    }

    /** Grants that somebody alive has mapped. */
    public int mappedGrants() {
        int mapped = 0;
        for (int grantRef = SharedGrants.FIRST; grantRef < domain.grants.end(); grantRef++) {
            mapped += isMapped(grantRef) ? 1 : 0;
        }
        return mapped;
    }

    /** A new port that {@code remoteDomid} may bind. It is served through {@link #eventChannels}. */
    public int allocUnbound(int remoteDomid) {
        if (remoteDomid < 0 || remoteDomid >= SimHypervisor.DOMIDS) {
            throw new IllegalArgumentException("not a domain: " + remoteDomid);
        }
        return channels.allocateUnbound(remoteDomid);
    }

    /** The guest's handle on its ports: pending, unmask, notify, fd. It is closed with the domain. */
    public EventChannels eventChannels() {
        return channels;
    }

    /** Waits for an event; false when none came for {@code timeoutMs} (-1 = for ever). May return true without one. */
    public boolean awaitEvent(int timeoutMs) {
        return channels.await(timeoutMs);
    }

    /** Whether the other end of {@code port} is bound by somebody alive. */
    public boolean isBound(int port) {
        return channels.isBound(port);
    }

    /** Closes a port. The backend's end becomes unbound and its notifications go nowhere. */
    public void closePort(int port) {
        channels.unbind(port);
    }

    /**
     * Ends the domain, in whatever process its views are: its ports close and its grants are void. Pages that are
     * mapped stay valid memory. The next {@link SimHypervisor#domain} with this domid is a new domain. Does nothing
     * to a domain that is gone already.
     */
    public void destroy() {
        if (hypervisor.end(domain)) {
            new PortTable(hypervisor, domain).releaseAll();
            if (mappedGrants() == 0) {
                domain.pages.release();
            }
            hypervisor.delete(domain.domid, domain.incarnation);
        }
        close();
    }

    @Override
    public void close() {
        channels.close();
    }

    private int claimPages(int count) {
        int page = domain.pages.allocate(count);
        if (page < 0) {
            throw new IllegalStateException("domain " + domain.domid + " has no " + count + " pages left");
        }
        return page;
    }

    private IllegalStateException stillMapped(int grantRef) {
        return new IllegalStateException("grant " + grantRef + " of domain " + domain.domid + " is still mapped");
    }
}
