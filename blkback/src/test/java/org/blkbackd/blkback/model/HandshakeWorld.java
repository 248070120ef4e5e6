// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.model;

import static org.blkbackd.blkback.model.BrokenRule.require;

import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import org.blkbackd.blkback.xenbus.Handshake;
import org.blkbackd.blkback.xenbus.Handshake.Data;
import org.blkbackd.blkback.xenbus.Handshake.Seen;
import org.blkbackd.blkback.xenbus.XenbusAction;
import org.blkbackd.blkback.xenbus.XenbusEvent;
import org.blkbackd.blkback.xenbus.XenbusState;
import org.blkbackd.blkback.xenbus.XenbusStateMachine;

/**
 * A device's two states in xenstore and the backend's half of its handshake, with nothing else: what the device's vbd
 * does to xenstore, it does. A write is refused when the state is not what the backend last knew, as BackendArea does.
 */
final class HandshakeWorld {

    /** What the backend may make of its state, by what it finds; anything, of a state it never wrote itself. */
    private static final Map<XenbusState, Set<XenbusState>> MAY_FOLLOW = Map.of(
        XenbusState.INITIALISING, EnumSet.of(XenbusState.INIT_WAIT),
        XenbusState.INIT_WAIT, EnumSet.of(XenbusState.INIT_WAIT, XenbusState.CONNECTED, XenbusState.CLOSING),
        XenbusState.CONNECTED, EnumSet.of(XenbusState.INIT_WAIT, XenbusState.CONNECTED, XenbusState.CLOSING),
        XenbusState.CLOSING, EnumSet.of(XenbusState.CLOSED, XenbusState.INIT_WAIT),
        XenbusState.CLOSED, EnumSet.of(XenbusState.INIT_WAIT, XenbusState.CLOSING));

    private Handshake handshake;
    private Seen store;
    /** What the backend last read or wrote. */
    private XenbusState known;
    private boolean refused;
    private boolean forgotten;

    /** The backend is as far as {@code handshake} says; meanwhile xenstore became {@code store}. */
    HandshakeWorld(Handshake handshake, Seen store) {
        this.handshake = handshake;
        this.store = store;
        known = handshake.seen().backend();
    }

    Handshake handshake() {
        return handshake;
    }

    Seen store() {
        return store;
    }

    boolean isForgotten() {
        return forgotten;
    }

    /** The other side writes. */
    void set(Seen now) {
        store = now;
    }

    void look() {
        lookLate(store);
    }

    /** What was looked at is what xenstore held; by now it holds something else. */
    void lookLate(Seen held) {
        handshake = handshake.looked(held);
        known = held.backend();
        event(XenbusEvent.LOOKED);
    }

    /** Something happens, and the actions that follow are carried out and held against the rules. */
    void event(XenbusEvent event) {
        Handshake before = handshake;
        XenbusStateMachine.Step step = XenbusStateMachine.step(handshake, event);
        handshake = step.next();
        refused = false;
        for (XenbusAction action : step.actions()) {
            perform(action, before, event);
        }
    }

    private void perform(XenbusAction action, Handshake before, XenbusEvent event) {
        boolean idle = before.data() == Data.IDLE || event == XenbusEvent.CONNECT_FAILED
            || event == XenbusEvent.RELEASED;
        boolean parked = before.data() == Data.PARKED || event == XenbusEvent.PARKED;
        boolean serving = before.data() == Data.SERVING || event == XenbusEvent.CONNECTED;
        boolean allowed = switch (action) {
            case CONNECT, OFFER, WRITE_CLOSED, FORGET -> idle;
            case RESUME -> idle || parked;
            case PARK -> serving && handshake.data() == Data.PARKING;
            case PUBLISH -> serving && handshake.data() == Data.SERVING;
            case RELEASE -> (serving || parked) && handshake.data() == Data.RELEASING;
            case ABANDON -> before.data() != Data.IDLE && before.data() != Data.CONNECTING || serving;
            default -> true;
        };
        require(allowed, action + " after " + event + " at " + before);
        switch (action) {
            case OFFER -> write(XenbusState.INIT_WAIT, before, event);
            case PUBLISH -> write(XenbusState.CONNECTED, before, event);
            case WRITE_CLOSING -> write(XenbusState.CLOSING, before, event);
            case WRITE_CLOSED -> write(XenbusState.CLOSED, before, event);
            case FORGET -> forgotten = true;
            case CONNECT -> {
                if (refused) {
                    event(XenbusEvent.CONNECT_DEFERRED);
                }
            }
            default -> {
                // RESUME, PARK, RELEASE, ABANDON end with an event of their own
            }
        }
    }

    private void write(XenbusState next, Handshake before, XenbusEvent event) {
        Set<XenbusState> allowed = MAY_FOLLOW.get(known);
        require(allowed == null || allowed.contains(next),
            known + " became " + next + " after " + event + " at " + before);
        require(!isInUse(before) || event != XenbusEvent.LOOKED, next + " written to a device in use at " + before);
        refused = refused || !store.present() || store.backend() != known;
        known = next;
        if (refused && next == XenbusState.INIT_WAIT) {
            handshake = handshake.offered(false);
        }
        if (!refused) {
            store = new Seen(next, store.frontend(), store.online(), store.ready(), true);
        }
    }

    /** Connected on both sides and nobody wants an end: then nothing is the backend's to write. */
    private static boolean isInUse(Handshake handshake) {
        return (handshake.data() == Data.SERVING || handshake.data() == Data.PARKED)
            && handshake.seen().backend() == XenbusState.CONNECTED
            && handshake.seen().frontend() == XenbusState.CONNECTED;
    }

    /** Lets the backend do all it wants while nobody else does anything. */
    void rest(boolean connects) {
        for (int i = 0; i < 12; i++) {
            if (handshake.data() == Data.CONNECTING) {
                event(connects ? XenbusEvent.CONNECTED : XenbusEvent.CONNECT_FAILED);
            } else if (handshake.data() == Data.RELEASING) {
                event(XenbusEvent.RELEASED);
            } else if (handshake.data() == Data.PARKING) {
                event(XenbusEvent.PARKED);
            }
            look();
        }
        Handshake still = handshake;
        Seen same = store;
        look();
        require(handshake.equals(still) && store.equals(same), "never rests: " + still + " and " + handshake);
    }
}
