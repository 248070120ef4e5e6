// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.sim;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.blkbackd.blkback.blkif.Blkif;
import org.blkbackd.grant.EventChannels;
import org.blkbackd.grant.sim.GuestPage;
import org.blkbackd.grant.sim.SimDomain;

/**
 * What a frontend allocates for one connection: ring page, data pages, grants, event channel; and the requests on it.
 * Every response must answer exactly one of them. Owned by the guest's thread.
 */
final class GuestRing {

    private static final int SLOT_BITS = 8;
    /** Ids have bits in every byte, and the highest one: a backend that loses some of them is found out. */
    private static final long FIRST_SEQUENCE = 0xF1E2D3C4B5A600L;

    private final SimDomain domain;
    private final int backendDomid;
    private final EventChannels channels;
    private final List<GuestPage> pages = new ArrayList<>();
    private final List<Integer> refs = new ArrayList<>();
    private final int ringRef;
    private final int port;
    private final FrontRing ring;
    private final FrontRequest[] requests;
    private final ArrayDeque<FrontRequest> free;
    private final ArrayDeque<FrontRequest> completed;
    private final FrontResponse response = new FrontResponse();
    private long sequence = FIRST_SEQUENCE;
    private int inFlight;
    private long violations;
    private boolean released;

    GuestRing(SimDomain domain, int backendDomid, FrontendConfig config) {
        this.domain = domain;
        this.backendDomid = backendDomid;
        channels = domain.eventChannels();
        GuestPage ringPage = domain.allocatePage();
        pages.add(ringPage);
        ringRef = grant(ringPage);
        port = domain.allocUnbound(backendDomid);
        ring = new FrontRing(ringPage.buffer(), config.abi(), 0);
        requests = new FrontRequest[config.depth()];
        free = new ArrayDeque<>(config.depth());
        completed = new ArrayDeque<>(config.depth());
        for (int i = 0; i < requests.length; i++) {
            requests[i] = newRequest(i, config.segments());
            free.add(requests[i]);
        }
    }

    private FrontRequest newRequest(int slot, int segments) {
        ByteBuffer[] buffers = new ByteBuffer[segments];
        int[] pageRefs = new int[segments];
        for (int i = 0; i < segments; i++) {
            GuestPage page = domain.allocatePage();
            pages.add(page);
            buffers[i] = page.buffer();
            pageRefs[i] = grant(page);
        }
        return new FrontRequest(slot, buffers, pageRefs);
    }

    private int grant(GuestPage page) {
        int ref = domain.grant(backendDomid, page, false);
        refs.add(ref);
        return ref;
    }

    int ringRef() {
        return ringRef;
    }

    int port() {
        return port;
    }

    FrontRing front() {
        return ring;
    }

    int inFlight() {
        return inFlight;
    }

    long violations() {
        return violations;
    }

    // --- requests ---------------------------------------------------------------------------------------------------

    /** A request to fill, or null when all are in use. */
    FrontRequest claim() {
        FrontRequest request = free.poll();
        if (request != null) {
            request.claimed(true);
        }
        return request;
    }

    void submit(FrontRequest request) {
        requireClaimed(request);
        request.submitted(sequence++ << SLOT_BITS | request.slot());
        request.writeTo(ring);
        inFlight++;
    }

    void kick() {
        if (ring.push()) {
            channels.notify(port);
        }
    }

    void release(FrontRequest request) {
        requireClaimed(request);
        request.claimed(false);
        free.push(request);
    }

    private void requireClaimed(FrontRequest request) {
        if (request.slot() >= requests.length || requests[request.slot()] != request || !request.isClaimed()
            || request.isInFlight()) {
            throw new IllegalArgumentException("not a request of this connection, or in flight, or not claimed");
        }
    }

    /** Takes all responses off the ring; the next one is then {@link #next}. */
    void drain() {
        while (take()) {
            FrontRequest request = requestOf(response);
            request.answered(response.status());
            inFlight--;
            completed.add(request);
        }
    }

    private boolean take() {
        try {
            return ring.take(response);
        } catch (IllegalStateException e) {
            throw violation(e.getMessage());
        }
    }

    private FrontRequest requestOf(FrontResponse answer) {
        int slot = (int) (answer.id() & (1 << SLOT_BITS) - 1);
        FrontRequest request = slot < requests.length ? requests[slot] : null;
        if (request == null || !request.isInFlight() || request.id() != answer.id()) {
            throw violation("a response with id " + Long.toHexString(answer.id()) + " answers no request in flight");
        }
        if (request.operation() != answer.operation()) {
            throw violation("operation " + request.operation() + " was answered as " + answer.operation());
        }
        if (answer.status() > Blkif.RSP_OKAY || answer.status() < Blkif.RSP_EOPNOTSUPP) {
            throw violation("status " + answer.status() + " means nothing");
        }
        return request;
    }

    private ProtocolViolation violation(String message) {
        violations++;
        return new ProtocolViolation(message);
    }

    /** The next request that was answered, or null. */
    FrontRequest next() {
        return completed.poll();
    }

    boolean hasNext() {
        return !completed.isEmpty();
    }

    /** Everything was answered, and every answer taken. */
    boolean isIdle() {
        return inFlight == 0 && completed.isEmpty();
    }

    /** Asks for an event at the next response and looks once more; true when there is one already. */
    boolean finalCheck() {
        return ring.finalCheck();
    }

    /** Sleeps until an event, or {@code timeoutMs}. */
    void await(int timeoutMs) {
        if (domain.awaitEvent(timeoutMs)) {
            for (int pending = channels.pending(); pending != EventChannels.NONE; pending = channels.pending()) {
                channels.unmask(pending);
            }
        }
    }

    // --- the end ----------------------------------------------------------------------------------------------------

    /** Whether the backend still maps any of our pages. */
    boolean isMapped() {
        return refs.stream().anyMatch(domain::isMapped);
    }

    /** Gives grants, pages and port back; false, with nothing done, while the backend maps any of them. */
    boolean tryRelease() {
        if (!released) {
            if (isMapped()) {
                return false;
            }
            domain.closePort(port);
            refs.forEach(domain::endAccess);
            pages.forEach(GuestPage::close);
            released = true;
        }
        return true;
    }
}
