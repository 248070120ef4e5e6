// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.xenbus;

import static org.blkbackd.blkback.xenbus.XenbusState.CLOSED;
import static org.blkbackd.blkback.xenbus.XenbusState.CLOSING;
import static org.blkbackd.blkback.xenbus.XenbusState.CONNECTED;
import static org.blkbackd.blkback.xenbus.XenbusState.INITIALISED;
import static org.blkbackd.blkback.xenbus.XenbusState.INITIALISING;
import static org.blkbackd.blkback.xenbus.XenbusState.UNKNOWN;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.blkbackd.blkback.xenbus.Handshake.Data;
import org.blkbackd.blkback.xenbus.Handshake.Seen;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;

/** Random walks of toolstack and guest, legal and not, against a backend that looks only now and then. */
class HandshakeWalkTest {

    private static final int STEPS = 20_000;

    @RepeatedTest(20)
    void keepsItsPromisesWhateverTheOthersDo(RepetitionInfo repetition) {
        long seed = 7919L * repetition.getCurrentRepetition();
        World world = new World(new Random(seed), "seed " + seed);
        for (int i = 0; i < STEPS; i++) {
            world.disturb();
            if (world.random.nextInt(3) == 0) {
                world.backendLooks();
            }
            if (world.random.nextInt(4) == 0) {
                world.settleData();
            }
            if (i % 500 == 0) {
                world.attachesFromAnywhere();
                world.detachesInOrder();
            }
        }
    }

    /** What xenstore holds, and the backend's carrying out of its actions. */
    private static final class World {
        private final Random random;
        private final String seed;
        private Seen store = Seen.NOTHING;
        private Handshake handshake = Handshake.discovered();
        private boolean open;
        /** What the backend last read or wrote; it writes only while the store still says so, as BackendArea does. */
        private XenbusState known = UNKNOWN;
        private boolean refused;

        World(Random random, String seed) {
            this.random = random;
            this.seed = seed;
        }

        void disturb() {
            switch (random.nextInt(8)) {
                case 0 -> store = Seen.NOTHING;
                case 1 -> store = new Seen(INITIALISING, anyState(), true, random.nextBoolean(), true);
                case 2 -> store = with(CLOSING, store.frontend(), false, store.ready());
                case 3 -> store = with(store.backend(), store.frontend(), random.nextBoolean(), true);
                case 4 -> store = with(anyState(), store.frontend(), store.online(), store.ready());
                default -> store = with(store.backend(), anyState(), store.online(), store.ready());
            }
        }

        private XenbusState anyState() {
            return XenbusState.values()[random.nextInt(9)];
        }

        private Seen with(XenbusState backend, XenbusState frontend, boolean online, boolean ready) {
            return store.present() ? new Seen(backend, frontend, online, ready, true) : store;
        }

        void backendLooks() {
            handshake = handshake.looked(store);
            known = store.backend();
            step(XenbusEvent.LOOKED);
        }

        /** The opening or closing that is under way ends. */
        void settleData() {
            if (handshake.data() == Data.CONNECTING) {
                open = random.nextInt(4) > 0;
                step(open ? XenbusEvent.CONNECTED : XenbusEvent.CONNECT_FAILED);
            } else if (handshake.data() == Data.RELEASING) {
                open = false;
                step(XenbusEvent.RELEASED);
            }
        }

        private void step(XenbusEvent event) {
            Data before = handshake.data();
            XenbusStateMachine.Step step = XenbusStateMachine.step(handshake, event);
            handshake = step.next();
            refused = false;
            for (XenbusAction action : step.actions()) {
                perform(action, before);
            }
        }

        private void perform(XenbusAction action, Data before) {
            String where = action + " at " + handshake + ", " + seed;
            switch (action) {
                case OFFER -> write(XenbusState.INIT_WAIT);
                case CONNECT -> assertTrue(!open, where);
                case PUBLISH -> {
                    assertTrue(open, where);
                    write(CONNECTED);
                }
                case RELEASE -> assertTrue(open && before != Data.RELEASING, where);
                case ABANDON -> assertTrue(open, where);
                case WRITE_CLOSING -> write(CLOSING);
                case WRITE_CLOSED -> {
                    assertTrue(!open, "closed with the image open: " + where);
                    assertTrue(refused || known == CLOSING, "skipped 5: " + where);
                    write(CLOSED);
                }
                default -> {
                    assertTrue(!open, "forgotten with the image open: " + where);
                    handshake = Handshake.discovered();
                }
            }
        }

        private void write(XenbusState next) {
            refused |= !store.present() || store.backend() != known;
            if (!refused) {
                store = with(next, store.frontend(), store.online(), store.ready());
                known = next;
            }
        }

        /** Whatever happened before: a fresh directory and an honest frontend end Connected. */
        void attachesFromAnywhere() {
            store = new Seen(INITIALISING, INITIALISING, true, true, true);
            quiesce();
            assertEquals(XenbusState.INIT_WAIT, store.backend(), seed);
            store = with(store.backend(), INITIALISED, true, true);
            quiesceConnected();
            assertEquals(CONNECTED, store.backend(), seed);
            store = with(store.backend(), CONNECTED, true, true);
            quiesce();
            assertTrue(open, seed);
        }

        /** The toolstack takes it away, the guest agrees. */
        void detachesInOrder() {
            store = with(CLOSING, CONNECTED, false, true);
            quiesce();
            assertTrue(open, seed);
            store = with(store.backend(), CLOSED, false, true);
            quiesce();
            assertEquals(CLOSED, store.backend(), seed);
            assertTrue(!open, seed);
        }

        private void quiesce() {
            for (int i = 0; i < 6; i++) {
                backendLooks();
                settleData();
            }
        }

        private void quiesceConnected() {
            backendLooks();
            assertEquals(Data.CONNECTING, handshake.data(), seed);
            open = true;
            step(XenbusEvent.CONNECTED);
        }
    }
}
