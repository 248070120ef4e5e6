// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.sim;

import java.util.ArrayDeque;
import org.blkbackd.blkback.blkif.Blkif;
import org.blkbackd.grant.EventChannels;
import org.blkbackd.grant.sim.SimDomain;

/**
 * What a frontend allocates for one ring of a connection: ring pages, data pages, grants, event channel; and the
 * requests on it. Every response must answer exactly one of them. Owned by the guest's thread.
 */
final class GuestRing {

    private static final int SLOT_BITS = 10;
    /** Ids have bits in every byte, and the highest one: a backend that loses some of them is found out. */
    private static final long FIRST_SEQUENCE = 0xF1E2D3C4B5A600L;
    /** Ids of two rings of one frontend have nothing in common: an answer on the wrong ring is found out. */
    private static final long SEQUENCES_PER_RING = 1L << 40;

    private final SimDomain domain;
    private final GuestMemory memory;
    private final EventChannels channels;
    private final int[] ringRefs;
    private final int port;
    private final int handle;
    private final FrontRing ring;
    private final FrontRequest[] requests;
    private final ArrayDeque<FrontRequest> free;
    private final ArrayDeque<FrontRequest> completed;
    private final FrontResponse response = new FrontResponse();
    private long sequence;
    private int inFlight;
    private long violations;
    private boolean released;

    /** Ring {@code index} of a frontend. */
    GuestRing(SimDomain domain, int backendDomid, FrontendConfig config, RingShape shape, int index) {
        this.domain = domain;
        memory = new GuestMemory(domain, backendDomid);
        channels = domain.eventChannels();
        ringRefs = new int[shape.pages()];
        ring = new FrontRing(memory.run(ringRefs), config.abi(), 0);
        port = domain.allocUnbound(backendDomid);
        handle = config.devid();
        sequence = FIRST_SEQUENCE + index * SEQUENCES_PER_RING;
        requests = new FrontRequest[Math.min(config.depth(), ring.slots())];
        free = new ArrayDeque<>(requests.length);
        completed = new ArrayDeque<>(requests.length);
        for (int i = 0; i < requests.length; i++) {
            requests[i] = new FrontRequest(i, memory, config.segments());
            free.add(requests[i]);
        }
    }

    int[] ringRefs() {
        return ringRefs.clone();
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
        request.writeTo(ring, handle);
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
            throw new IllegalArgumentException("not a request of this ring, or in flight, or not claimed");
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

    /** What an interrupt handler does (xen-blkfront.c blkif_interrupt): looks until it has asked for the next event. */
    void interrupted() {
        do {
            drain();
        } while (ring.finalCheck());
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

    /** Gives grants, pages and port back; false, with nothing done, while the backend maps any of them. */
    boolean tryRelease() {
        if (!released) {
            if (memory.isMapped()) {
                return false;
            }
            domain.closePort(port);
            memory.release();
            released = true;
        }
        return true;
    }
}
