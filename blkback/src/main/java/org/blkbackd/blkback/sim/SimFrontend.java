// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.sim;

import static org.blkbackd.blkback.sim.FrontendNodes.ABSENT;
import static org.blkbackd.blkback.sim.FrontendNodes.CLOSED;
import static org.blkbackd.blkback.sim.FrontendNodes.CLOSING;
import static org.blkbackd.blkback.sim.FrontendNodes.CONNECTED;
import static org.blkbackd.blkback.sim.FrontendNodes.INIT_WAIT;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.blkbackd.grant.sim.SimDomain;
import org.blkbackd.xenstore.Watch;
import org.blkbackd.xenstore.Xenstore;

/**
 * A guest's blkfront for one device (linux/drivers/block/xen-blkfront.c, with the close protocol of a device that is
 * open). Owned by one thread, the guest's, which also carries its reactions to the backend: they happen inside
 * {@link #reap} and {@link #await}.
 *
 * <pre>
 *   connect:  claim - fill - submit ... kick      await - reap - look - release      close
 * </pre>
 */
public final class SimFrontend implements AutoCloseable {

    /** How soon a sleeper notices that the backend's state changed: events wake it at once, xenstore does not. */
    private static final int SLICE_MS = 10;
    private static final long CLOSE_TIMEOUT_MS = 5_000;

    private final FrontendNodes nodes;
    private final SimDomain domain;
    private final FrontendConfig config;
    private final List<GuestRing> abandoned = new ArrayList<>();
    private volatile boolean backendChanged;
    private Watch watch;
    private GuestRing ring;
    private DiskInfo disk;
    private boolean connected;
    private boolean closing;
    private long violations;
    private long lost;

    /**
     * A frontend whose nodes the toolstack has written.
     *
     * @param guest  a connection as the guest, which stays the caller's
     * @param domain a view of the guest that no other frontend uses meanwhile; stays the caller's
     */
    public SimFrontend(Xenstore guest, SimDomain domain, FrontendConfig config) {
        this.nodes = new FrontendNodes(guest, domain.domid(), config.devid());
        this.domain = domain;
        this.config = config;
    }

    // --- connecting -------------------------------------------------------------------------------------------------

    /**
     * Waits for backend state 2, offers a ring, and waits until the backend serves it.
     *
     * @throws FrontendException the backend is not there in time, or closes: then so does the frontend
     */
    public void connect(long timeoutMs) {
        nodes.findBackend();
        int state = nodes.awaitBackend(timeoutMs, Set.of(INIT_WAIT, CLOSING, CLOSED));
        if (state != INIT_WAIT) {
            throw nodes.unexpected(INIT_WAIT, state);
        }
        offer();
        awaitConnected(timeoutMs);
    }

    /** The first half of {@link #connect}, without waiting for state 2: offers a ring and writes state 3. */
    public void offer() {
        abandonRing();
        nodes.findBackend();
        rewatch();
        closing = false;
        ring = new GuestRing(domain, nodes.backendDomid(), config);
        nodes.offer(ring.ringRef(), ring.port(), config.protocol());
    }

    /** The second half of {@link #connect}: waits for backend state 4, looks at the disk, writes state 4. */
    public void awaitConnected(long timeoutMs) {
        int state = nodes.awaitBackend(timeoutMs, Set.of(CONNECTED, CLOSING, CLOSED, ABSENT));
        if (state == CONNECTED) {
            disk = nodes.diskInfo();
            nodes.switchState(CONNECTED);
            connected = true;
            return;
        }
        if (state == CLOSING || state == CLOSED || state == ABSENT) {
            nodes.switchState(CLOSED);
            nodes.awaitBackend(CLOSE_TIMEOUT_MS, Set.of(CLOSED, ABSENT));
            abandonRing();
        }
        throw nodes.unexpected(CONNECTED, state);
    }

    private void rewatch() {
        unwatch();
        watch = nodes.watchBackend(() -> backendChanged = true);
    }

    // --- what is known ----------------------------------------------------------------------------------------------

    /** Requests may be submitted. */
    public boolean isConnected() {
        return connected;
    }

    /** Both ends are closed, or the device was removed; nothing is granted any more that the backend let go of. */
    public boolean isClosed() {
        return ring == null;
    }

    /** What the backend said of the disk when it last wrote state 4. */
    public DiskInfo disk() {
        return disk;
    }

    /** Requests submitted and not answered. */
    public int inFlight() {
        return ring == null ? 0 : ring.inFlight();
    }

    /** Requests that were never answered because the backend closed or went away. */
    public long lost() {
        return lost;
    }

    /** Rules the backend broke; each was thrown as {@link ProtocolViolation}, too. */
    public long violations() {
        return violations + (ring == null ? 0 : ring.violations());
    }

    /** The ring itself, for a guest that means harm; null when there is none. */
    public FrontRing ring() {
        return ring == null ? null : ring.front();
    }

    /** Grant of the ring page. */
    public int ringRef() {
        return ring.ringRef();
    }

    /** The guest's event-channel port. */
    public int port() {
        return ring.port();
    }

    // --- requests ---------------------------------------------------------------------------------------------------

    /** A request to fill, or null when {@link FrontendConfig#depth} are in use. */
    public FrontRequest claim() {
        requireConnected();
        return ring.claim();
    }

    /** Puts a filled request on the ring. The backend sees it after {@link #kick}. */
    public void submit(FrontRequest request) {
        requireConnected();
        ring.submit(request);
    }

    /** Publishes what was submitted, with an event if the backend wants one. */
    public void kick() {
        requireConnected();
        ring.kick();
    }

    /**
     * The next answered request, or null; the caller gives it back with {@link #release}. Never sleeps, but reacts to
     * the backend's state.
     *
     * @throws ProtocolViolation for a response that answers no request, or another one than it says
     */
    public FrontRequest reap() {
        react();
        if (ring == null) {
            return null;
        }
        ring.drain();
        return ring.next();
    }

    /** Gives a request back after its result was looked at, or unsubmitted. */
    public void release(FrontRequest request) {
        if (ring != null) {
            ring.release(request);
        }
    }

    /** Sleeps until {@link #reap} has something (true), the device is closed, or {@code timeoutMs} have passed. */
    public boolean await(long timeoutMs) {
        long deadlineNs = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(timeoutMs);
        react();
        while (ring != null) {
            ring.drain();
            if (ring.hasNext()) {
                return true;
            }
            long leftMs = TimeUnit.NANOSECONDS.toMillis(deadlineNs - System.nanoTime());
            if (leftMs <= 0) {
                return false;
            }
            if (!ring.finalCheck()) {
                ring.await((int) Math.min(leftMs, SLICE_MS));
            }
            react();
        }
        return false;
    }

    /** Reaps and drops answers until the backend has closed the device; false when it has not in time. */
    public boolean awaitClosed(long timeoutMs) {
        long deadlineNs = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(timeoutMs);
        while (!isClosed() && System.nanoTime() < deadlineNs) {
            if (await(SLICE_MS)) {
                release(reap());
            }
        }
        return isClosed();
    }

    /** Submits one request and waits for it: for tests that have one at a time. Other answers must not be due. */
    public int execute(FrontRequest request, long timeoutMs) {
        submit(request);
        kick();
        if (!await(timeoutMs)) {
            throw new FrontendException("no answer from the backend of " + nodes);
        }
        FrontRequest answered = reap();
        if (answered != request) {
            throw new FrontendException("another request was answered first");
        }
        return request.status();
    }

    private void requireConnected() {
        if (!connected) {
            throw new FrontendException(nodes + " is not connected");
        }
    }

    // --- the backend's state ----------------------------------------------------------------------------------------

    private void react() {
        if (backendChanged) {
            backendChanged = false;
            onBackendState(nodes.backendState());
        }
        if (closing && (ring.isIdle() || nodes.frontendState() == ABSENT)) {
            finishClosing();
        }
    }

    private void onBackendState(int state) {
        if (ring == null) {
            return;
        }
        switch (state) {
            case CONNECTED -> {
                if (connected) {
                    // Written again: the disk has another size.
                    disk = nodes.diskInfo();
                }
            }
            case CLOSING -> startClosing();
            case CLOSED, ABSENT -> {
                startClosing();
                finishClosing();
            }
            default -> {
                // 1 to 3: on its way
            }
        }
    }

    private void startClosing() {
        if (connected) {
            connected = false;
            closing = true;
            nodes.switchState(CLOSING);
        }
    }

    /** All that could be answered is: writes 6, and lets go as soon as the backend has. */
    private void finishClosing() {
        if (closing) {
            closing = false;
            nodes.switchState(CLOSED);
        }
        int state = nodes.backendState();
        boolean removed = nodes.frontendState() == ABSENT;
        if (state == CLOSED || state == ABSENT || removed) {
            abandonRing();
        }
    }

    /** Forgets the ring. Pages that the backend still maps stay granted until it lets go. */
    private void abandonRing() {
        dropRing();
        abandoned.removeIf(GuestRing::tryRelease);
    }

    private void dropRing() {
        connected = false;
        closing = false;
        if (ring != null) {
            violations += ring.violations();
            lost += ring.inFlight();
            abandoned.add(ring);
            ring = null;
        }
    }

    private void unwatch() {
        if (watch != null) {
            watch.close();
            watch = null;
        }
    }

    // --- endings ----------------------------------------------------------------------------------------------------

    /**
     * An orderly end, as when the driver is unloaded: waits for what is in flight, then 5, 6, each mirrored by the
     * backend, which must have unmapped everything by its 6.
     *
     * @throws FrontendException the backend did not follow in time
     */
    @Override
    public void close() {
        close(CLOSE_TIMEOUT_MS);
    }

    /** The same with a patience of its own for each step. */
    public void close(long timeoutMs) {
        long deadlineNs = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(timeoutMs);
        while (inFlight() > 0 && System.nanoTime() < deadlineNs) {
            if (await(SLICE_MS)) {
                release(reap());
            }
        }
        if (ring != null) {
            connected = false;
            closing = false;
            nodes.closeTogether(timeoutMs);
            abandonRing();
            requireLetGo();
        }
        unwatch();
    }

    /** At its state 6 an orderly backend maps nothing of ours. */
    private void requireLetGo() {
        if (stillMapped() > 0) {
            violations++;
            throw new ProtocolViolation("the backend of " + nodes + " is closed and still maps our pages");
        }
    }

    /**
     * Connections that ended while the backend had pages of theirs mapped, and has them still; what it let go of
     * meanwhile is given back now.
     */
    public int stillMapped() {
        abandoned.removeIf(GuestRing::tryRelease);
        return abandoned.size();
    }

    /** The guest's kernel dies: nothing is written, nothing given back, the pages stay as they are. */
    public void crash() {
        dropRing();
        unwatch();
    }

    /**
     * A new kernel in the same domain: after {@link #crash} it takes the backend through 5, 6 and 2, after
     * {@link #close} from 6 to 2; then it connects.
     *
     * @throws FrontendException the backend did not show exactly these states, each in time
     */
    public void kexecReconnect(long timeoutMs) {
        nodes.findBackend();
        nodes.reset(timeoutMs);
        requireLetGo();
        connect(timeoutMs);
    }
}
