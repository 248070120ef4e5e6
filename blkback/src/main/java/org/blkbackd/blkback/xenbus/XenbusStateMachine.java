// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.xenbus;

import static org.blkbackd.blkback.xenbus.XenbusState.CLOSED;
import static org.blkbackd.blkback.xenbus.XenbusState.CLOSING;
import static org.blkbackd.blkback.xenbus.XenbusState.CONNECTED;
import static org.blkbackd.blkback.xenbus.XenbusState.INITIALISED;
import static org.blkbackd.blkback.xenbus.XenbusState.INITIALISING;
import static org.blkbackd.blkback.xenbus.XenbusState.INIT_WAIT;
import static org.blkbackd.blkback.xenbus.XenbusState.UNKNOWN;

import java.util.ArrayList;
import java.util.List;
import org.blkbackd.blkback.xenbus.Handshake.Data;

/**
 * The backend's half of the xenbus handshake, pure: (situation, event) to (situation, actions). It never relies on
 * having seen every change: watches coalesce, so it acts on what xenstore says now.
 *
 * <pre>
 *  data      backend  frontend             action
 *  IDLE      gone     any                  FORGET
 *            1        any                  OFFER                                              (2)
 *            2        any                  OFFER again where our features are not yet there, or were overwritten
 *            2        3 or 4, when ready   CONNECT
 *            2        5                    WRITE_CLOSING                                      (5)
 *            2        3 or 4, failed       WRITE_CLOSED   once more: it was not written
 *            2        6, gone; offline     WRITE_CLOSED: libxl, which found us at 6, leaves our state alone and waits
 *                                          for 6, so an OFFER that crossed its removal is taken back
 *            4        3 or 4               RESUME   an earlier process served it
 *            4        1, 5, 6, gone        1: OFFER; 5: WRITE_CLOSING, and RESUME until 6; 6, gone: WRITE_CLOSED
 *            5        3, 4 or 5            RESUME   it will write 6 once what is in flight is answered
 *            5        else                 WRITE_CLOSED                                       (6)
 *            6        1, online            OFFER    driver re-bind, pv-grub, end of kexec     (2)
 *            6        5, online            WRITE_CLOSING    kexec: wants 5, 6, 2 in turn      (5)
 *  CONNECTING any     any                  wait for CONNECTED, CONNECT_FAILED or CONNECT_DEFERRED
 *  SERVING   2        3 or 4               PUBLISH                                            (4)
 *            1, 6     any                  ABANDON   made anew; libxl writes 6 itself for a qdisk of a dead domain
 *            any      1                    RELEASE   a crash kernel starts over; then OFFER
 *            4        5                    WRITE_CLOSING, and the ring serves on until 6
 *            any      6                    RELEASE   then WRITE_CLOSED
 *            any      gone                 ABANDON   then WRITE_CLOSED, unless our directory is gone too
 *            4        3 or 4, SUSPENDED    PARK     xl migrates the guest, or saves it
 *  PARKING   any      gone                 ABANDON  the storage may take its time, and the domain must not wait
 *            any      any                  wait for PARKED
 *  PARKED    1, 6     any                  ABANDON
 *            any      3 or 4, MOVED        RESUME   the migration failed, or there was none
 *            4        5                    WRITE_CLOSING, and RESUME until 6
 *            any      1, 6                 RELEASE  as SERVING
 *            any      gone                 ABANDON  as SERVING: the guest lives on another host, or nowhere
 *  RELEASING any      gone                 ABANDON  as PARKING
 *            any      any                  wait for RELEASED
 * </pre>
 *
 * <p>A failed connection is written as 5 and then 6; the device is offered again only when the frontend has gone back
 * to 1, so that a frontend that insists cannot make us open the image in a loop by itself.
 */
public final class XenbusStateMachine {

    /** Where a step led. */
    public record Step(Handshake next, List<XenbusAction> actions) {
    }

    private Handshake now;
    private final List<XenbusAction> actions = new ArrayList<>();

    private XenbusStateMachine(Handshake now) {
        this.now = now;
    }

    /** One step. The actions are to be carried out in order; their writes are already part of the next situation. */
    public static Step step(Handshake before, XenbusEvent event) {
        XenbusStateMachine machine = new XenbusStateMachine(before);
        machine.apply(event);
        if (event != XenbusEvent.CONNECT_DEFERRED) {
            machine.decide(event);
        }
        return new Step(machine.now, List.copyOf(machine.actions));
    }

    private void apply(XenbusEvent event) {
        switch (event) {
            case CONNECTED -> now = now.data(Data.SERVING);
            case SUSPENDED -> suspended();
            case PARKED -> now = now.data(Data.PARKED);
            case CONNECT_DEFERRED -> now = now.data(Data.IDLE);
            case CONNECT_FAILED -> {
                boolean startsOver = now.frontend() == INITIALISING;
                now = now.data(Data.IDLE).failed(!startsOver);
                closeWhatWasOpen();
            }
            case RELEASED -> {
                now = now.data(Data.IDLE);
                if (now.frontend() != INITIALISING || !now.seen().online()) {
                    closeWhatWasOpen();
                }
            }
            default -> {
                // LOOKED changes nothing by itself
            }
        }
    }

    /** By way of 5, which a frontend may be waiting for; a directory made anew meanwhile is a device of its own. */
    private void closeWhatWasOpen() {
        if (now.backend() == INIT_WAIT || now.backend() == CONNECTED) {
            closing();
        }
        if (now.backend() == CLOSING) {
            closed();
        }
    }

    private void decide(XenbusEvent event) {
        switch (now.data()) {
            case IDLE -> idle();
            case SERVING -> serving();
            case PARKED -> parked(event == XenbusEvent.MOVED);
            case PARKING, RELEASING -> leaving();
            default -> {
                // CONNECTING ends with an event of its own
            }
        }
    }

    private void idle() {
        if (!now.seen().present()) {
            actions.add(XenbusAction.FORGET);
            return;
        }
        switch (now.backend()) {
            case INITIALISING -> offer();
            case INIT_WAIT -> offered();
            case CONNECTED -> leftConnected();
            case CLOSING -> {
                if (frontendActive()) {
                    resume();
                } else {
                    closed();
                    wasClosed();
                }
            }
            case CLOSED -> wasClosed();
            default -> {
                // UNKNOWN: the toolstack has not written it yet, or nonsense; 7 and 8 are not ours to answer
            }
        }
    }

    private void offered() {
        if (!now.offered()) {
            offer();
        }
        if (frontendWaits() && now.seen().ready() && !now.failed()) {
            now = now.data(Data.CONNECTING);
            actions.add(XenbusAction.CONNECT);
        } else if (now.frontend() == CLOSING) {
            closing();
        } else if (frontendWaits() && now.failed()
            || !now.seen().online() && (now.frontend() == CLOSED || now.frontend() == UNKNOWN)) {
            closing();
            closed();
        }
    }

    private void leftConnected() {
        switch (now.frontend()) {
            case INITIALISING -> offer();
            case INITIALISED, CONNECTED -> resume();
            case CLOSING -> {
                closing();
                resume();
            }
            case CLOSED, UNKNOWN -> {
                closing();
                closed();
            }
            default -> {
                // 2, 7, 8: no frontend of ours writes that with a ring
            }
        }
    }

    private void wasClosed() {
        if (!now.seen().online()) {
            return;
        }
        if (now.frontend() == INITIALISING) {
            offer();
        } else if (now.frontend() == CLOSING) {
            closing();
        }
    }

    private void serving() {
        if (now.backend() == INITIALISING || now.backend() == CLOSED) {
            release(XenbusAction.ABANDON);
        } else if (now.backend() == INIT_WAIT && frontendWaits()) {
            now = now.backend(CONNECTED);
            actions.add(XenbusAction.PUBLISH);
        } else {
            servingFrontend();
        }
    }

    private void servingFrontend() {
        switch (now.frontend()) {
            case UNKNOWN -> release(XenbusAction.ABANDON);
            case INITIALISING, INIT_WAIT, CLOSED -> release(XenbusAction.RELEASE);
            case CLOSING -> {
                if (now.backend() != CLOSING) {
                    closing();
                }
            }
            default -> {
                // 3 and 4: as it should be. Our state 5, which the toolstack writes, is for the frontend to answer
            }
        }
    }

    private void suspended() {
        if (now.data() == Data.SERVING && now.backend() == CONNECTED && frontendWaits()) {
            release(Data.PARKING, XenbusAction.PARK);
        }
    }

    private void parked(boolean moves) {
        if (now.backend() == INITIALISING || now.backend() == CLOSED) {
            release(XenbusAction.ABANDON);
        } else if (!frontendWaits() || moves) {
            servingFrontend();
            if (now.data() == Data.PARKED && (moves || now.frontend() == CLOSING)) {
                resume();
            }
        }
    }

    /** However long the storage takes, a dying domain's pages must not stay mapped: it would stay a zombie. */
    private void leaving() {
        if (now.frontend() == UNKNOWN) {
            release(XenbusAction.ABANDON);
        }
    }

    private boolean frontendWaits() {
        return now.frontend() == INITIALISED || now.frontend() == CONNECTED;
    }

    private boolean frontendActive() {
        return !now.failed() && (frontendWaits() || now.frontend() == CLOSING);
    }

    private void offer() {
        now = now.backend(INIT_WAIT).offered(true);
        actions.add(XenbusAction.OFFER);
    }

    private void closing() {
        now = now.backend(CLOSING);
        actions.add(XenbusAction.WRITE_CLOSING);
    }

    private void closed() {
        now = now.backend(CLOSED);
        actions.add(XenbusAction.WRITE_CLOSED);
    }

    private void resume() {
        now = now.data(Data.CONNECTING);
        actions.add(XenbusAction.RESUME);
    }

    private void release(XenbusAction how) {
        release(Data.RELEASING, how);
    }

    private void release(Data next, XenbusAction how) {
        now = now.data(next);
        actions.add(how);
    }
}
