// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.handover;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.blkbackd.blkback.fault.FaultPoint;
import org.blkbackd.blkback.fault.Faults;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Both sides against each other, over devices that only one of them can hold. */
@Timeout(120)
class HandOverTest {

    private static final int DEVICES = 4;

    private final World world = new World(DEVICES);
    private final World.Side old = world.side("old");
    private final World.Side successor = world.side("new");
    private final List<String> obstacles = new ArrayList<>();
    /** The new process: it ends as soon as it has given up, as it has to. */
    private SimProcess newProcess;
    private final SimProcess oldProcess = new SimProcess(old::dies);
    private final List<String> becoming = new ArrayList<>();
    @TempDir
    private Path folder;

    private record Ends(Predecessor.Result old, Takeover.Outcome successor) {
    }

    private Ends handOver(TakeoverLimits limits, boolean checkOnly)
        throws IOException, ExecutionException, InterruptedException, TimeoutException {
        world.allTo(old);
        SimProcess process = new SimProcess(successor::dies);
        newProcess = process;
        try (Pair pair = Pair.in(folder)) {
            CompletableFuture<Predecessor.Result> serving = CompletableFuture.supplyAsync(() -> {
                Predecessor.Result result = new Predecessor(old, limits, pid -> process)
                    .serve(pair.old(), Hello.ours("1.0"));
                pair.old().close();
                return result;
            });
            Takeover.Outcome outcome = new Successor(successor, candidates -> obstacles, limits, pid -> oldProcess,
                () -> becoming.add("the daemon")).run(pair.successor(), Hello.ours("2.0"), checkOnly);
            if (outcome.end() != Takeover.End.TAKEN_OVER) {
                pair.successor().close();
                process.exits();
            }
            return new Ends(serving.get(60, TimeUnit.SECONDS), outcome);
        }
    }

    @AfterEach
    void disarm() {
        Faults.disarm();
    }

    private void assertNothingHappened(Ends ends) {
        assertEquals(Takeover.End.GIVEN_UP, ends.successor().end(), world.events()::toString);
        assertFalse(ends.old().handedOver());
        assertFalse(ends.old().reasons().isEmpty());
        assertTrue(world.allWith(old), world.events()::toString);
        assertFalse(old.isSuspended(), "follows xenstore again");
        assertTrue(becoming.isEmpty());
    }

    @Test
    void everyDeviceChangesHands() throws Exception {
        Ends ends = handOver(Pair.LONG, false);
        assertEquals(new Takeover.Outcome(Takeover.End.TAKEN_OVER, List.of()), ends.successor());
        assertTrue(ends.old().handedOver());
        assertTrue(world.allWith(successor), world.events()::toString);
        assertTrue(old.isSuspended(), "the old one looks at nothing any more");
        assertEquals(List.of("the daemon"), becoming);
        assertEquals(2 * DEVICES, world.events().size());
        for (int i = 0; i < DEVICES; i++) {
            String device = world.devices().get(i);
            assertEquals("old release " + device, world.events().get(2 * i), "one after the other");
            assertEquals("new resume " + device, world.events().get(2 * i + 1));
        }
    }

    @Test
    void checkingTouchesNothing() throws Exception {
        obstacles.add("vbd-2-51712: no such file");
        old.blocks("vbd-3-51712");
        Ends ends = handOver(Pair.LONG, true);
        List<String> lines = List.of("vbd-3-51712: is stuck", "vbd-2-51712: no such file");
        assertEquals(new Takeover.Outcome(Takeover.End.CHECKED, lines), ends.successor());
        assertEquals(lines, ends.old().reasons());
        assertTrue(world.allWith(old));
        assertFalse(old.isSuspended());
        assertEquals(List.of("new dies"), world.events());
    }

    @Test
    void aCheckThatFindsNothingSaysNothing() throws Exception {
        Ends ends = handOver(Pair.LONG, true);
        assertEquals(new Takeover.Outcome(Takeover.End.CHECKED, List.of()), ends.successor());
        assertEquals(List.of(), ends.old().reasons());
    }

    @Test
    void obstaclesAreNamedAndNothingIsTouched() throws Exception {
        obstacles.add("vbd-2-51712: no such file");
        old.blocks("vbd-3-51712");
        Ends ends = handOver(Pair.LONG, false);
        assertNothingHappened(ends);
        assertEquals(List.of("nothing was handed over, because of 2 obstacles", "vbd-3-51712: is stuck",
            "vbd-2-51712: no such file"), ends.successor().reasons());
        assertEquals(ends.successor().reasons(), ends.old().reasons());
        assertEquals(List.of("new dies"), world.events());
    }

    @Test
    void devicesThatDoNotComeToRestAreAnObstacle() throws Exception {
        old.breaks("suspend");
        Ends ends = handOver(Pair.LONG, false);
        assertNothingHappened(ends);
        assertTrue(ends.successor().reasons().contains("cannot suspend"), ends.toString());
    }

    @ParameterizedTest
    @ValueSource(strings = {"HANDOVER_RELEASE", "HANDOVER_RELEASED", "HANDOVER_TAKE", "HANDOVER_TAKEN"})
    void aFailureAtAnyStepOfAnyDeviceMakesAllGoBack(FaultPoint point) throws Exception {
        for (int visit = 1; visit <= DEVICES; visit++) {
            Faults.arm(point, false, visit);
            assertNothingHappened(handOver(Pair.LONG, false));
            assertFalse(newProcess.wasKilled());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"HANDOVER_ALL_TAKEN", "HANDOVER_COMMITTED"})
    void aFailureAtTheVeryEndMakesAllGoBack(FaultPoint point) throws Exception {
        Faults.arm(point, false, 1);
        assertNothingHappened(handOver(Pair.LONG, false));
    }

    @Test
    void aDeviceThatCannotBeReleasedOrTakenMakesAllGoBack() throws Exception {
        for (String device : world.devices()) {
            old.breaks("release " + device);
            assertNothingHappened(handOver(Pair.LONG, false));
            successor.breaks("resume " + device);
            Ends ends = handOver(Pair.LONG, false);
            assertNothingHappened(ends);
            assertEquals(device + ": cannot be taken up: resume " + device + " fails",
                ends.successor().reasons().get(0));
        }
    }

    @Test
    void aDeviceThatCannotBeReturnedComesBackWithTheEndOfTheProcess() throws Exception {
        for (String device : world.devices()) {
            successor.breaks("release " + device);
            Faults.arm(FaultPoint.HANDOVER_ALL_TAKEN, false, 1);
            assertNothingHappened(handOver(Pair.LONG, false));
        }
    }

    @Test
    void aDeviceThatTheOldOneFailsToResumeIsTriedAgain() throws Exception {
        for (String device : world.devices()) {
            old.breaks("resume " + device);
            Faults.arm(FaultPoint.HANDOVER_ALL_TAKEN, false, 1);
            assertNothingHappened(handOver(Pair.LONG, false));
        }
    }

    @Test
    void aReleaseThatTakesTooLongIsWaitedForAndUndone() throws Exception {
        CompletableFuture<Void> storage = old.delays("release vbd-3-51712");
        storage.completeOnTimeout(null, 3, TimeUnit.SECONDS);
        TakeoverLimits limits = new TakeoverLimits(Pair.LONG.hello(), Pair.SHORT.release(), Pair.LONG.step(),
            Pair.LONG.silence(), Pair.LONG.dying(), Pair.LONG.grace());
        world.allTo(old);
        Ends ends = handOver(limits, false);
        assertEquals(Takeover.End.GIVEN_UP, ends.successor().end());
        storage.get(20, TimeUnit.SECONDS);
        for (int i = 0; i < 200 && !world.allWith(old); i++) {
            Thread.sleep(50);
        }
        assertTrue(world.allWith(old), world.events()::toString);
    }

    @Test
    void aResumeThatHangsEndsWithTheProcess() throws Exception {
        CompletableFuture<Void> storage = successor.delays("resume vbd-3-51712");
        TakeoverLimits limits = new TakeoverLimits(Pair.LONG.hello(), Pair.LONG.release(), Pair.SHORT.step(),
            Pair.LONG.silence(), Pair.LONG.dying(), Pair.LONG.grace());
        Ends ends = handOver(limits, false);
        assertNothingHappened(ends);
        assertFalse(storage.isDone());
    }

    @Test
    void itCanBeTriedAgainAsOftenAsOneLikes() throws Exception {
        for (int i = 0; i < 3; i++) {
            Faults.arm(FaultPoint.HANDOVER_TAKEN, false, DEVICES);
            assertNothingHappened(handOver(Pair.LONG, false));
        }
        assertTrue(handOver(Pair.LONG, false).old().handedOver());
        assertTrue(world.allWith(successor));
    }
}
