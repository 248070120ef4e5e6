// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.sim;

import static org.blkbackd.blkback.sim.FrontendNodes.ABSENT;
import static org.blkbackd.blkback.sim.FrontendNodes.CLOSED;
import static org.blkbackd.blkback.sim.FrontendNodes.CLOSING;
import static org.blkbackd.blkback.sim.FrontendNodes.CONNECTED;
import static org.blkbackd.blkback.sim.FrontendNodes.INIT_WAIT;

import java.util.Set;
import org.blkbackd.grant.sim.SimDomain;
import org.blkbackd.xenstore.Watch;
import org.blkbackd.xenstore.Xenstore;

/** A frontend's states: how it connects, and how it follows the backend's. Owned by its guest's thread. */
final class FrontendConnection {

    /** How soon a sleeper notices that the backend's state changed: events wake it at once, xenstore does not. */
    static final int SLICE_MS = 10;
    static final long CLOSE_TIMEOUT_MS = 5_000;

    private final FrontendNodes nodes;
    private final GuestRings rings;
    private volatile boolean backendChanged;
    private Watch watch;
    private RingShape shape = new RingShape(0, 1);
    private DiskInfo disk;
    private OfferedFeatures features;
    private int timesTold;
    private boolean connected;
    private boolean closing;

    FrontendConnection(Xenstore guest, SimDomain domain, int devid) {
        nodes = new FrontendNodes(guest, domain.domid(), devid);
        rings = new GuestRings(domain);
    }

    GuestRings rings() {
        return rings;
    }

    RingShape shape() {
        return shape;
    }

    DiskInfo disk() {
        return disk;
    }

    OfferedFeatures features() {
        return features;
    }

    int timesTold() {
        return timesTold;
    }

    boolean isConnected() {
        return connected;
    }

    void requireConnected() {
        if (!connected) {
            throw new FrontendException(nodes + " is not connected");
        }
    }

    // --- connecting -------------------------------------------------------------------------------------------------

    void awaitInitWait(long timeoutMs) {
        nodes.findBackend();
        int state = nodes.awaitBackend(timeoutMs, Set.of(INIT_WAIT, CLOSING, CLOSED));
        if (state != INIT_WAIT) {
            throw nodes.unexpected(INIT_WAIT, state);
        }
    }

    void offer(FrontendConfig config) {
        abandon();
        nodes.findBackend();
        unwatch();
        watch = nodes.watchBackend(() -> backendChanged = true);
        closing = false;
        timesTold = 0;
        shape = nodes.agree(config);
        rings.open(nodes.backendDomid(), config, shape);
        nodes.offer(config, shape, rings.list());
    }

    void awaitConnected(long timeoutMs) {
        int state = nodes.awaitBackend(timeoutMs, Set.of(CONNECTED, CLOSING, CLOSED, ABSENT));
        if (state == CONNECTED) {
            // The event of this very 4 must not be taken for another one, which would tell a new size.
            nodes.awaitEarlierEvents(timeoutMs);
            backendChanged = false;
            state = nodes.backendState();
        }
        if (state == CONNECTED) {
            disk = nodes.diskInfo();
            features = nodes.offeredFeatures();
            nodes.switchState(CONNECTED);
            connected = true;
            return;
        }
        if (state == CLOSING || state == CLOSED || state == ABSENT) {
            nodes.switchState(CLOSED);
            nodes.awaitBackend(CLOSE_TIMEOUT_MS, Set.of(CLOSED, ABSENT));
            abandon();
        }
        throw nodes.unexpected(CONNECTED, state);
    }

    // --- the backend's state ----------------------------------------------------------------------------------------

    /** To be called now and then. */
    void react() {
        if (backendChanged) {
            backendChanged = false;
            onBackendState(nodes.backendState());
        }
        if (closing && (rings.isIdle() || nodes.frontendState() == ABSENT)) {
            finishClosing();
        }
    }

    private void onBackendState(int state) {
        if (!rings.isOpen()) {
            return;
        }
        switch (state) {
            case CONNECTED -> {
                if (connected) {
                    // Written again: the disk has another size.
                    disk = nodes.diskInfo();
                    timesTold++;
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
            abandon();
        }
    }

    // --- endings ----------------------------------------------------------------------------------------------------

    /** Writes 5 and 6 and waits for the backend to follow. */
    void close(long timeoutMs) {
        if (rings.isOpen()) {
            leave();
            nodes.closeTogether(timeoutMs);
            abandon();
            rings.requireLetGo(this);
        }
        unwatch();
    }

    /** Writes 6 at once and waits for the backend to follow. */
    void unbind(long timeoutMs) {
        if (rings.isOpen()) {
            leave();
            nodes.unbind(timeoutMs);
            abandon();
            rings.requireLetGo(this);
        }
        unwatch();
    }

    /** Writes and waits for nothing. */
    void crash() {
        leave();
        rings.drop();
        unwatch();
    }

    /** Takes the backend from wherever an earlier kernel left it to 2. */
    void reset(long timeoutMs) {
        nodes.findBackend();
        nodes.reset(timeoutMs);
        rings.requireLetGo(this);
    }

    private void leave() {
        connected = false;
        closing = false;
    }

    private void abandon() {
        leave();
        rings.drop();
        rings.stillMapped();
    }

    private void unwatch() {
        if (watch != null) {
            watch.close();
            watch = null;
        }
    }

    @Override
    public String toString() {
        return nodes.toString();
    }
}
