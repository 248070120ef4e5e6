// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.xenbus;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.stream.Stream;
import org.blkbackd.blkback.xenbus.Handshake.Data;
import org.blkbackd.blkback.xenbus.Handshake.Seen;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class XenbusStateMachineTest {

    /** The rows of the table in the class's Javadoc: data, our state, the frontend's, then the actions. */
    @ParameterizedTest(name = "{0}, backend {1}, frontend {2}: {3}")
    @CsvSource({
        "IDLE, 1, 0, OFFER",
        "IDLE, 1, 1, OFFER",
        "IDLE, 1, 3, OFFER",
        "IDLE, 2, 0, ''",
        "IDLE, 2, 1, ''",
        "IDLE, 2, 2, ''",
        "IDLE, 2, 3, CONNECT",
        "IDLE, 2, 4, CONNECT",
        "IDLE, 2, 5, WRITE_CLOSING",
        "IDLE, 2, 6, ''",
        "IDLE, 4, 1, OFFER",
        "IDLE, 4, 3, RESUME",
        "IDLE, 4, 4, RESUME",
        "IDLE, 4, 5, WRITE_CLOSING RESUME",
        "IDLE, 4, 6, WRITE_CLOSING WRITE_CLOSED",
        "IDLE, 4, 0, WRITE_CLOSING WRITE_CLOSED",
        "IDLE, 5, 0, WRITE_CLOSED",
        "IDLE, 5, 1, WRITE_CLOSED OFFER",
        "IDLE, 5, 2, WRITE_CLOSED",
        "IDLE, 5, 3, RESUME",
        "IDLE, 5, 4, RESUME",
        "IDLE, 5, 5, RESUME",
        "IDLE, 5, 6, WRITE_CLOSED",
        "IDLE, 6, 0, ''",
        "IDLE, 6, 1, OFFER",
        "IDLE, 6, 3, ''",
        "IDLE, 6, 4, ''",
        "IDLE, 6, 5, WRITE_CLOSING",
        "IDLE, 6, 6, ''",
        "IDLE, 0, 3, ''",
        "IDLE, 7, 3, ''",
        "CONNECTING, 2, 3, ''",
        "CONNECTING, 5, 6, ''",
        "CONNECTING, 2, 0, ''",
        "SERVING, 2, 3, PUBLISH",
        "SERVING, 2, 4, PUBLISH",
        "SERVING, 2, 5, WRITE_CLOSING",
        "SERVING, 2, 6, RELEASE",
        "SERVING, 4, 3, ''",
        "SERVING, 4, 4, ''",
        "SERVING, 4, 1, RELEASE",
        "SERVING, 4, 2, RELEASE",
        "SERVING, 4, 5, WRITE_CLOSING",
        "SERVING, 4, 6, RELEASE",
        "SERVING, 4, 0, ABANDON",
        "SERVING, 5, 4, ''",
        "SERVING, 5, 5, ''",
        "SERVING, 5, 6, RELEASE",
        "SERVING, 5, 0, ABANDON",
        "SERVING, 6, 4, ABANDON",
        "SERVING, 1, 4, ABANDON",
        "PARKING, 4, 4, ''",
        "PARKING, 4, 6, ''",
        "PARKING, 4, 0, ABANDON",
        "PARKED, 4, 3, ''",
        "PARKED, 4, 4, ''",
        "PARKED, 4, 1, RELEASE",
        "PARKED, 4, 2, RELEASE",
        "PARKED, 4, 5, WRITE_CLOSING RESUME",
        "PARKED, 4, 6, RELEASE",
        "PARKED, 4, 0, ABANDON",
        "PARKED, 5, 4, ''",
        "PARKED, 5, 5, RESUME",
        "PARKED, 5, 6, RELEASE",
        "PARKED, 5, 0, ABANDON",
        "PARKED, 6, 4, ABANDON",
        "PARKED, 1, 4, ABANDON",
        "PARKED, 2, 4, ''",
        "RELEASING, 4, 6, ''",
        "RELEASING, 5, 1, ''",
        "RELEASING, 6, 0, ABANDON",
    })
    void answersEachSituationAsItsTableSays(Data data, int backend, int frontend, String actions) {
        assertEquals(actions(actions), look(at(data, backend, frontend, true)).actions());
    }

    @ParameterizedTest
    @CsvSource({"0, WRITE_CLOSING WRITE_CLOSED", "6, WRITE_CLOSING WRITE_CLOSED", "1, ''", "3, CONNECT"})
    void anOfferThatCrossedTheRemovalIsTakenBack(int frontend, String actions) {
        assertEquals(actions(actions), look(at(Data.IDLE, 2, frontend, false)).actions());
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 4, 6})
    void connectsNobodyBeforeTheScriptHasRun(int frontend) {
        Seen unready = new Seen(XenbusState.INIT_WAIT, state(frontend), true, false, true);
        assertEquals(List.of(), look(new Handshake(unready, Data.IDLE, true, false)).actions());
    }

    @Test
    void offersAgainOnceTheScriptHasTakenTheDeviceFromTheKernel() {
        Handshake offered = look(new Handshake(new Seen(XenbusState.INITIALISING, XenbusState.INITIALISING, true, false,
            true), Data.IDLE, false, false)).next();
        Handshake ready = offered.looked(seen(2, 3, true));
        assertEquals(List.of(XenbusAction.OFFER, XenbusAction.CONNECT), look(ready).actions());
    }

    @Test
    void staysClosedWhenTheToolstackTookTheDeviceOffline() {
        assertEquals(List.of(), look(at(Data.IDLE, 6, 1, false)).actions());
        assertEquals(List.of(), look(at(Data.IDLE, 6, 5, false)).actions());
        assertEquals(List.of(XenbusAction.WRITE_CLOSED), look(at(Data.IDLE, 5, 1, false)).actions());
    }

    @Test
    void forgetsAVanishedDeviceOnlyWhenNothingIsOpen() {
        for (Data data : Data.values()) {
            Handshake gone = at(data, 4, 4, true).looked(Seen.NOTHING);
            List<XenbusAction> expected = switch (data) {
                case IDLE -> List.of(XenbusAction.FORGET);
                case SERVING, PARKING, PARKED, RELEASING -> List.of(XenbusAction.ABANDON);
                default -> List.of();
            };
            assertEquals(expected, look(gone).actions(), data.toString());
        }
        Handshake releasing = at(Data.RELEASING, 4, 4, true).looked(Seen.NOTHING);
        assertEquals(List.of(XenbusAction.FORGET),
            XenbusStateMachine.step(releasing, XenbusEvent.RELEASED).actions());
    }

    @Test
    void writesClosedOnlyAfterTheRelease() {
        assertEquals(List.of(XenbusAction.WRITE_CLOSING, XenbusAction.WRITE_CLOSED), released(4, 6));
        assertEquals(List.of(XenbusAction.WRITE_CLOSED), released(5, 6));
        assertEquals(List.of(XenbusAction.WRITE_CLOSED), released(5, 0));
        assertEquals(List.of(), released(6, 0));
    }

    @Test
    void offersACrashKernelTheDeviceAgainOnceTheOldRingIsReleased() {
        assertEquals(List.of(XenbusAction.OFFER), released(4, 1));
        assertEquals(List.of(XenbusAction.WRITE_CLOSED, XenbusAction.OFFER), released(5, 1));
    }

    @Test
    void takesADirectoryMadeAnewDuringTheReleaseForANewDevice() {
        assertEquals(List.of(XenbusAction.OFFER), released(1, 0));
    }

    @Test
    void mirrorsAKexecStepByStep() {
        Handshake serving = at(Data.SERVING, 4, 4, true);
        var first = look(serving.looked(seen(4, 5, true)));
        assertEquals(List.of(XenbusAction.WRITE_CLOSING), first.actions());
        var second = look(first.next().looked(seen(5, 6, true)));
        assertEquals(List.of(XenbusAction.RELEASE), second.actions());
        var third = XenbusStateMachine.step(second.next(), XenbusEvent.RELEASED);
        assertEquals(List.of(XenbusAction.WRITE_CLOSED), third.actions());
        var fourth = look(third.next().looked(seen(6, 1, true)));
        assertEquals(List.of(XenbusAction.OFFER), fourth.actions());
        // A kernel started by kexec finds 6 and goes 5, 6, 1 itself.
        var again = look(third.next().looked(seen(6, 5, true)));
        assertEquals(List.of(XenbusAction.WRITE_CLOSING), again.actions());
        assertEquals(List.of(XenbusAction.WRITE_CLOSED), look(again.next().looked(seen(5, 6, true))).actions());
    }

    @Test
    void closesAfterAFailedConnectionAndWaitsForTheFrontendToStartOver() {
        var failed = XenbusStateMachine.step(at(Data.CONNECTING, 2, 3, true), XenbusEvent.CONNECT_FAILED);
        assertEquals(List.of(XenbusAction.WRITE_CLOSING, XenbusAction.WRITE_CLOSED), failed.actions());
        // What was to be written was not, or the toolstack put it back to 2: no second attempt by itself.
        assertEquals(List.of(XenbusAction.WRITE_CLOSING, XenbusAction.WRITE_CLOSED),
            look(failed.next().looked(seen(2, 3, true))).actions());
        var over = look(failed.next().looked(seen(6, 1, true)));
        assertEquals(List.of(XenbusAction.OFFER), over.actions());
        assertEquals(List.of(XenbusAction.CONNECT), look(over.next().looked(seen(2, 3, true))).actions());
    }

    @Test
    void takesDownWhatWasBuiltForAFrontendThatLeftMeanwhile() {
        assertEquals(List.of(XenbusAction.RELEASE), connected(2, 6));
        assertEquals(List.of(XenbusAction.ABANDON), connected(2, 0));
        assertEquals(List.of(), connected(5, 3));
        assertEquals(List.of(XenbusAction.PUBLISH), connected(2, 3));
    }

    @Test
    void triesAgainAtTheNextLookAfterXenstoreDidNotAnswer() {
        var deferred = XenbusStateMachine.step(at(Data.CONNECTING, 2, 3, true), XenbusEvent.CONNECT_DEFERRED);
        assertEquals(List.of(), deferred.actions());
        assertEquals(List.of(XenbusAction.CONNECT), look(deferred.next().looked(seen(2, 3, true))).actions());
    }

    @ParameterizedTest
    @CsvSource({"4, 4, PARK", "4, 3, PARK", "4, 5, WRITE_CLOSING", "4, 6, RELEASE", "4, 0, ABANDON", "5, 4, ''",
        "2, 4, PUBLISH"})
    void parksOnlyWhatIsConnectedOnBothSides(int backend, int frontend, String expected) {
        var step = XenbusStateMachine.step(at(Data.SERVING, backend, frontend, true), XenbusEvent.SUSPENDED);
        assertEquals(actions(expected), step.actions());
        assertEquals(expected.equals("PARK"), step.next().data() == Data.PARKING);
    }

    @Test
    void parksNothingThatIsNotServed() {
        for (Data data : List.of(Data.CONNECTING, Data.PARKING, Data.PARKED, Data.RELEASING)) {
            Handshake before = at(data, 4, 4, true);
            var step = XenbusStateMachine.step(before, XenbusEvent.SUSPENDED);
            assertEquals(List.of(), step.actions());
            assertEquals(before, step.next());
        }
    }

    @ParameterizedTest
    @CsvSource({"4, 4, ''", "4, 5, WRITE_CLOSING RESUME", "4, 6, RELEASE", "4, 0, ABANDON", "6, 4, ABANDON"})
    void looksAtOnceAtWhatChangedWhileItWasParking(int backend, int frontend, String expected) {
        var step = XenbusStateMachine.step(at(Data.PARKING, backend, frontend, true), XenbusEvent.PARKED);
        assertEquals(actions(expected), step.actions());
    }

    @ParameterizedTest
    @CsvSource({"4, 4, RESUME", "4, 3, RESUME", "5, 4, RESUME", "4, 5, WRITE_CLOSING RESUME", "4, 6, RELEASE",
        "4, 1, RELEASE", "4, 0, ABANDON", "1, 4, ABANDON"})
    void goesOnWithAGuestThatMoves(int backend, int frontend, String expected) {
        var step = XenbusStateMachine.step(at(Data.PARKED, backend, frontend, true), XenbusEvent.MOVED);
        assertEquals(actions(expected), step.actions());
    }

    private static List<XenbusAction> released(int backend, int frontend) {
        return XenbusStateMachine.step(at(Data.RELEASING, backend, frontend, true), XenbusEvent.RELEASED).actions();
    }

    private static List<XenbusAction> connected(int backend, int frontend) {
        return XenbusStateMachine.step(at(Data.CONNECTING, backend, frontend, true), XenbusEvent.CONNECTED).actions();
    }

    private static XenbusStateMachine.Step look(Handshake handshake) {
        return XenbusStateMachine.step(handshake, XenbusEvent.LOOKED);
    }

    private static Handshake at(Data data, int backend, int frontend, boolean online) {
        return new Handshake(seen(backend, frontend, online), data, true, false);
    }

    private static Seen seen(int backend, int frontend, boolean online) {
        return new Seen(state(backend), state(frontend), online, true, true);
    }

    private static XenbusState state(int number) {
        return XenbusState.values()[number];
    }

    private static List<XenbusAction> actions(String names) {
        return Stream.of(names.split(" ")).filter(name -> !name.isEmpty()).map(XenbusAction::valueOf).toList();
    }
}
