// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.model;

import static org.blkbackd.blkback.model.BrokenRule.require;
import static org.blkbackd.blkback.xenbus.XenbusState.CLOSED;
import static org.blkbackd.blkback.xenbus.XenbusState.CLOSING;
import static org.blkbackd.blkback.xenbus.XenbusState.CONNECTED;
import static org.blkbackd.blkback.xenbus.XenbusState.INITIALISED;
import static org.blkbackd.blkback.xenbus.XenbusState.INITIALISING;
import static org.blkbackd.blkback.xenbus.XenbusState.INIT_WAIT;
import static org.blkbackd.blkback.xenbus.XenbusState.UNKNOWN;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.blkbackd.blkback.xenbus.Handshake;
import org.blkbackd.blkback.xenbus.Handshake.Data;
import org.blkbackd.blkback.xenbus.Handshake.Seen;
import org.blkbackd.blkback.xenbus.XenbusEvent;
import org.blkbackd.blkback.xenbus.XenbusState;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Every situation the state machine can get into, whatever guest and toolstack write and however many of their changes
 * a look sums up: none of its steps breaks a rule, and from each of them honest people come to their ends.
 */
class HandshakeSpaceTest {

    private static final List<Seen> STORES = stores();
    private static final Set<Handshake> REACHABLE = new LinkedHashSet<>();

    private static List<Seen> stores() {
        List<Seen> stores = new ArrayList<>();
        for (XenbusState backend : XenbusState.values()) {
            for (XenbusState frontend : XenbusState.values()) {
                for (int bits = 0; bits < 4; bits++) {
                    stores.add(new Seen(backend, frontend, (bits & 1) != 0, (bits & 2) != 0, true));
                }
            }
        }
        stores.add(Seen.NOTHING);
        return stores;
    }

    /** Breadth first; the rules are held against every step on the way. */
    @BeforeAll
    static void explore() {
        Deque<Handshake> next = new ArrayDeque<>(List.of(Handshake.discovered()));
        REACHABLE.add(Handshake.discovered());
        while (!next.isEmpty()) {
            Handshake here = next.remove();
            for (XenbusEvent event : endings(here)) {
                HandshakeWorld world = new HandshakeWorld(here, here.seen());
                world.event(event);
                found(world, next);
            }
            for (Seen store : STORES) {
                HandshakeWorld world = new HandshakeWorld(here, store);
                world.look();
                found(world, next);
            }
        }
    }

    private static List<XenbusEvent> endings(Handshake here) {
        return switch (here.data()) {
            case CONNECTING -> List.of(XenbusEvent.CONNECTED, XenbusEvent.CONNECT_FAILED,
                XenbusEvent.CONNECT_DEFERRED);
            case SERVING -> List.of(XenbusEvent.SUSPENDED);
            case PARKING -> List.of(XenbusEvent.PARKED);
            case PARKED -> List.of(XenbusEvent.MOVED);
            // the domain may have ended when the image of what was to be parked was closed already
            case RELEASING -> List.of(XenbusEvent.RELEASED, XenbusEvent.PARKED);
            default -> List.of();
        };
    }

    private static void found(HandshakeWorld world, Deque<Handshake> next) {
        if (!world.isForgotten() && REACHABLE.add(world.handshake())) {
            next.add(world.handshake());
        }
    }

    private interface Story {
        void tell(HandshakeWorld world);
    }

    /** From every situation: with xenstore as it was last seen, and as a few others have made it meanwhile. */
    private static void everywhere(Story story) {
        int turn = 0;
        for (Handshake here : REACHABLE) {
            tell(story, here, here.seen());
            for (int i = 0; i < 12; i++) {
                turn = (turn + 53) % STORES.size();
                tell(story, here, STORES.get(turn));
            }
        }
    }

    private static void tell(Story story, Handshake here, Seen store) {
        HandshakeWorld world = new HandshakeWorld(here, store);
        try {
            story.tell(world);
        } catch (BrokenRule e) {
            throw new AssertionError("from " + here + " with " + store + ": " + e.getMessage(), e);
        }
    }

    private static void backendIs(XenbusState expected, HandshakeWorld world) {
        require(world.store().backend() == expected, "at " + world.store() + " and " + world.handshake() + ", not at "
            + expected);
    }

    private static Seen with(Seen store, XenbusState backend, XenbusState frontend, boolean online) {
        return new Seen(backend, frontend, online, store.ready(), true);
    }

    private static void frontendGoesTo(XenbusState state, HandshakeWorld world) {
        world.set(with(world.store(), world.store().backend(), state, world.store().online()));
        world.rest(true);
    }

    // --- stories ----------------------------------------------------------------------------------------------------

    @Test
    void thereAreThousandsOfSituations() {
        System.out.println(REACHABLE.size() + " situations, " + REACHABLE.size() * (STORES.size() + 1L) + " steps");
        assertTrue(REACHABLE.size() > 2000);
    }

    @Test
    void aDeviceMadeAnewIsOfferedAndConnects() {
        everywhere(world -> {
            world.set(new Seen(INITIALISING, INITIALISING, true, false, true));
            world.rest(true);
            backendIs(INIT_WAIT, world);
            world.set(new Seen(INIT_WAIT, INITIALISING, true, true, true));
            world.rest(true);
            backendIs(INIT_WAIT, world);
            frontendGoesTo(INITIALISED, world);
            backendIs(CONNECTED, world);
            frontendGoesTo(CONNECTED, world);
            backendIs(CONNECTED, world);
            require(world.handshake().data() == Data.SERVING, "connected, and not served");
        });
    }

    @Test
    void aDeviceRemovedByForceIsClosedInTheEnd() {
        everywhere(world -> {
            // FORCE_ON: no frontend, offline, and state 5 unless it is at 6 already; it crosses what we decided before.
            Seen before = world.store();
            world.set(with(before, before.backend() == CLOSED ? CLOSED : CLOSING, UNKNOWN, false));
            world.lookLate(before);
            world.rest(true);
            backendIs(CLOSED, world);
            require(world.handshake().data() == Data.IDLE, "closed, and still served");
        });
    }

    @Test
    void aDirectoryThatIsGoneIsForgotten() {
        everywhere(world -> {
            world.set(Seen.NOTHING);
            if (world.handshake().data() == Data.PARKING) {
                world.event(XenbusEvent.PARKED);
            }
            if (world.handshake().data() == Data.CONNECTING) {
                world.event(XenbusEvent.CONNECTED);
            }
            world.look();
            if (world.handshake().data() == Data.RELEASING) {
                world.event(XenbusEvent.RELEASED);
                world.look();
            }
            require(world.isForgotten(), "remembered at " + world.handshake());
        });
    }

    @Test
    void aGuestThatClosesSeesFiveAndSix() {
        everywhere(world -> {
            if (isHonest(world.store())) {
                frontendGoesTo(CLOSING, world);
                if (world.store().backend() != CLOSED) {
                    backendIs(CLOSING, world);
                }
                frontendGoesTo(CLOSED, world);
                backendIs(CLOSED, world);
                require(world.handshake().data() == Data.IDLE, "closed, and still served");
            }
        });
    }

    @Test
    void aNewKernelIsTakenThroughFiveSixAndTwo() {
        everywhere(world -> {
            Seen store = world.store();
            if (isHonest(store) && store.online()) {
                frontendGoesTo(CLOSING, world);
                backendIs(CLOSING, world);
                frontendGoesTo(CLOSED, world);
                backendIs(CLOSED, world);
                frontendGoesTo(INITIALISING, world);
                backendIs(INIT_WAIT, world);
            }
        });
    }

    /** A state the backend itself can have written, in a device that was ready. */
    private static boolean isHonest(Seen store) {
        return store.present() && store.ready()
            && Set.of(INIT_WAIT, CONNECTED, CLOSING, CLOSED).contains(store.backend());
    }

    @Test
    void aFailedConnectionClosesTheDeviceUntilTheFrontendStartsOver() {
        everywhere(world -> {
            world.set(new Seen(INITIALISING, INITIALISING, true, true, true));
            world.rest(false);
            world.set(with(world.store(), INIT_WAIT, INITIALISED, true));
            world.rest(false);
            backendIs(CLOSED, world);
            frontendGoesTo(INITIALISING, world);
            backendIs(INIT_WAIT, world);
        });
    }
}
