// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.sim;

import java.util.ArrayList;
import java.util.List;
import org.blkbackd.grant.EventChannels;
import org.blkbackd.grant.sim.SimDomain;

/** The rings of one frontend: those it has now, and those it had that its backend has not let go of. */
final class GuestRings {

    private final SimDomain domain;
    private final List<GuestRing> abandoned = new ArrayList<>();
    private List<GuestRing> rings = List.of();
    private long violations;
    private long lost;

    GuestRings(SimDomain domain) {
        this.domain = domain;
    }

    void open(int backendDomid, FrontendConfig config, RingShape shape) {
        List<GuestRing> opened = new ArrayList<>();
        for (int i = 0; i < shape.queues(); i++) {
            opened.add(new GuestRing(domain, backendDomid, config, shape, i));
        }
        rings = List.copyOf(opened);
    }

    boolean isOpen() {
        return !rings.isEmpty();
    }

    /** Those it has now; the list stays as it is when they are dropped. */
    List<GuestRing> list() {
        return rings;
    }

    /** Ring {@code index}, or null when there are none. */
    GuestRing getOrNull(int index) {
        return index < rings.size() ? rings.get(index) : null;
    }

    int inFlight() {
        return rings.stream().mapToInt(GuestRing::inFlight).sum();
    }

    /** Requests never answered by a backend that closed. */
    long lost() {
        return lost;
    }

    long violations() {
        return violations + rings.stream().mapToLong(GuestRing::violations).sum();
    }

    /** Everything was answered, and every answer taken. */
    boolean isIdle() {
        return rings.stream().allMatch(GuestRing::isIdle);
    }

    /** Takes all responses off all rings. */
    void drain() {
        rings.forEach(GuestRing::drain);
    }

    /** Asks every ring for an event and looks once more; then sleeps, unless there is an answer already. */
    void nap(int timeoutMs) {
        boolean answered = rings.stream().filter(GuestRing::finalCheck).count() > 0;
        if (!answered && isOpen()) {
            rings.get(0).await(timeoutMs);
        }
    }

    /** Sleeps for an event, and looks at the rings whose event came and at no other; whether there was one. */
    boolean awaitInterrupt(int timeoutMs) {
        boolean interrupted = false;
        if (domain.awaitEvent(timeoutMs)) {
            EventChannels channels = domain.eventChannels();
            for (int port = channels.pending(); port != EventChannels.NONE; port = channels.pending()) {
                channels.unmask(port);
                int pending = port;
                rings.stream().filter(ring -> ring.port() == pending).forEach(GuestRing::interrupted);
                interrupted = true;
            }
        }
        return interrupted;
    }

    /** Takes and forgets all answers. */
    void dropAnswers() {
        for (GuestRing ring : rings) {
            ring.drain();
            for (FrontRequest request = ring.next(); request != null; request = ring.next()) {
                ring.release(request);
            }
        }
    }

    /** Forgets the rings. Pages that the backend still maps stay granted until it lets go. */
    void drop() {
        violations = violations();
        lost += inFlight();
        abandoned.addAll(rings);
        rings = List.of();
    }

    /** Gives back what the backend let go of; how many rings it still has a part of. */
    int stillMapped() {
        abandoned.removeIf(GuestRing::tryRelease);
        return abandoned.size();
    }

    /**
     * What a backend that closed in order must be through.
     *
     * @throws ProtocolViolation it still maps pages of ours
     */
    void requireLetGo(Object device) {
        if (stillMapped() > 0) {
            violations++;
            throw new ProtocolViolation("the backend of " + device + " is closed and still maps our pages");
        }
    }
}
