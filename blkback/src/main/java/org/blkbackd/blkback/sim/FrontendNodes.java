// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.sim;

import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.blkbackd.xenstore.Watch;
import org.blkbackd.xenstore.Xenstore;
import org.blkbackd.xenstore.XenstoreException;

/** A frontend's directory and its view of the backend's. States are the numbers on the wire; 0 is an absent node. */
final class FrontendNodes {

    static final int ABSENT = 0;
    static final int INITIALISING = 1;
    static final int INIT_WAIT = 2;
    static final int INITIALISED = 3;
    static final int CONNECTED = 4;
    static final int CLOSING = 5;
    static final int CLOSED = 6;

    private final Xenstore xenstore;
    private final String frontend;
    private String backend;
    private int backendDomid;

    FrontendNodes(Xenstore guest, int domid, int devid) {
        xenstore = guest;
        frontend = "/local/domain/" + domid + "/device/vbd/" + devid;
    }

    /** Finds the backend again: after a migration it is another one. */
    void findBackend() {
        backend = xenstore.readOrNull(frontend + "/backend");
        String domid = xenstore.readOrNull(frontend + "/backend-id");
        if (backend == null || domid == null) {
            throw new FrontendException("there is no " + frontend + "/backend, or no backend-id");
        }
        backendDomid = Integer.parseInt(domid);
    }

    int backendDomid() {
        return backendDomid;
    }

    Watch watchBackend(Runnable changed) {
        return xenstore.watch(backend + "/state", path -> changed.run());
    }

    int backendState() {
        return state(backend + "/state");
    }

    int frontendState() {
        return state(frontend + "/state");
    }

    /** Waits until the backend's state is one of {@code wanted}, and returns what it is by then. */
    int awaitBackend(long timeoutMs, Set<Integer> wanted) {
        return NodeWait.await(xenstore, backend + "/state", timeoutMs, this::state, wanted::contains);
    }

    /** Returns after every event of the backend's state that came before: they arrive in order. */
    void awaitEarlierEvents(long timeoutMs) {
        AtomicInteger looks = new AtomicInteger();
        NodeWait.await(xenstore, backend + "/state", timeoutMs, path -> looks.getAndIncrement(), look -> look > 0);
    }

    private int state(String path) {
        String state = null;
        try {
            state = xenstore.readOrNull(path);
        } catch (XenstoreException e) {
            // A guest is not told that a node is absent below a directory it may not read, only that it may not look.
            if (!e.error().equals("EACCES")) {
                throw e;
            }
        }
        return state == null || !state.matches("[1-8]") ? ABSENT : Integer.parseInt(state);
    }

    DiskInfo diskInfo() {
        return DiskInfo.read(xenstore, backend);
    }

    OfferedFeatures offeredFeatures() {
        return OfferedFeatures.read(node -> number(node, 0));
    }

    /** How many rings of what size the backend allows of what {@code config} wants. */
    RingShape agree(FrontendConfig config) {
        return RingShape.agreed(config, number("max-ring-page-order", 0), number("multi-queue-max-queues", 1));
    }

    /** A number of the backend's, {@code absent} where there is none that fits 32 bits (xenbus_read_unsigned). */
    private long number(String node, long absent) {
        String text = xenstore.readOrNull(backend + "/" + node);
        if (text == null || !text.matches("\\d{1,10}")) {
            return absent;
        }
        long number = Long.parseLong(text);
        return number >>> Integer.SIZE == 0 ? number : absent;
    }

    /** Offers rings, in one transaction; then state 3. */
    void offer(FrontendConfig config, RingShape shape, List<GuestRing> rings) {
        xenstore.transact(store -> {
            new OfferNodes(frontend, config, shape).write(store, rings);
            return null;
        });
        switchState(INITIALISED);
    }

    /**
     * Writes our state, unless our directory is gone: a guest must not make it again (xenbus_client.c,
     * xenbus_switch_state). Returns whether it was there.
     */
    boolean switchState(int state) {
        return xenstore.transact(store -> {
            boolean present = store.readOrNull(frontend + "/state") != null;
            if (present) {
                store.write(frontend + "/state", Integer.toString(state));
            }
            return present;
        });
    }

    /** Writes 5 and 6, each followed by the backend. One that skips a state, or is gone, has followed, too. */
    void closeTogether(long timeoutMs) {
        if (switchState(CLOSING)) {
            expect(CLOSING, awaitBackend(timeoutMs, Set.of(CLOSING, CLOSED, ABSENT)), Set.of(CLOSING, CLOSED, ABSENT));
        }
        if (switchState(CLOSED)) {
            expect(CLOSED, awaitBackend(timeoutMs, Set.of(CLOSED, ABSENT)), Set.of(CLOSED, ABSENT));
        }
    }

    /** What a kernel does at boot with devices an earlier one left (xenbus_probe_frontend.c xenbus_reset_frontend). */
    void reset(long timeoutMs) {
        int state = backendState();
        if (state == CONNECTED) {
            mirrored(CLOSING, CLOSING, timeoutMs);
        }
        if (state == CONNECTED || state == CLOSING) {
            mirrored(CLOSED, CLOSED, timeoutMs);
        }
        mirrored(INITIALISING, INIT_WAIT, timeoutMs);
    }

    /** A driver that is unbound: straight to 6. */
    void unbind(long timeoutMs) {
        if (switchState(CLOSED)) {
            expect(CLOSED, awaitBackend(timeoutMs, Set.of(CLOSED, ABSENT)), Set.of(CLOSED, ABSENT));
        }
    }

    private void mirrored(int own, int wanted, long timeoutMs) {
        switchState(own);
        expect(wanted, awaitBackend(timeoutMs, Set.of(wanted)), Set.of(wanted));
    }

    private void expect(int wanted, int state, Set<Integer> accepted) {
        if (!accepted.contains(state)) {
            throw unexpected(wanted, state);
        }
    }

    FrontendException unexpected(int wanted, int state) {
        return new FrontendException("the backend of " + frontend + " is in state " + state + ", not " + wanted);
    }

    @Override
    public String toString() {
        return frontend;
    }
}
