// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.handover;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.blkbackd.blkback.handover.Hello.Formats;
import org.blkbackd.blkback.handover.Message.Type;
import org.blkbackd.blkback.handover.Takeover.End;
import org.blkbackd.blkback.wire.Envelope;
import org.blkbackd.blkback.wire.Kind;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The new process's side, against an old one that plays by a script. */
@Timeout(120)
class SuccessorTest {

    private static final String ONE = "vbd-1-51712";
    private static final String TWO = "vbd-2-51712";

    private final World world = new World(2);
    private final World.Side old = world.side("old");
    private final World.Side successor = world.side("new");
    private final List<String> becoming = new ArrayList<>();
    @TempDir
    private Path folder;

    private interface Script {
        void play(Link link) throws Exception;
    }

    private Takeover.Outcome run(TakeoverLimits limits, boolean dies, Script script) throws Exception {
        world.allTo(old);
        becoming.clear();
        SimProcess process = new SimProcess(old::dies);
        try (Pair pair = Pair.in(folder)) {
            CompletableFuture<Takeover.Outcome> asking = CompletableFuture.supplyAsync(() ->
                new Successor(successor, candidates -> List.of(), limits, pid -> process, () -> becoming.add("it"))
                    .run(pair.successor(), Hello.ours("2.0"), false));
            script.play(pair.old());
            if (dies) {
                process.exits();
                pair.old().close();
            }
            return asking.get(60, TimeUnit.SECONDS);
        }
    }

    private static void hear(Link link, Message expected) throws IOException {
        assertEquals(expected, link.receive(Pair.LONG.step()));
    }

    private static void survey(Link link) throws IOException {
        hear(link, Message.of(Type.SURVEY));
        for (String device : List.of(ONE, TWO)) {
            link.send(new Message(Type.CANDIDATE, false, device, "direct:/srv/a", ""));
        }
        link.send(Message.of(Type.SURVEYED));
    }

    private void release(Link link, String device) throws Exception {
        hear(link, Message.about(Type.RELEASE, device));
        old.release(device).get();
        link.send(Message.about(Type.RELEASED, device));
    }

    /** The old one's steps of a whole hand-over, up to and without number {@code end}; returns how many there are. */
    private int steps(Link link, int end) throws Exception {
        Script[] all = {
            to -> to.meet(Hello.ours("1.0")),
            SuccessorTest::survey,
            to -> release(to, ONE),
            to -> hear(to, Message.about(Type.TAKEN, ONE)),
            to -> release(to, TWO),
            to -> hear(to, Message.about(Type.TAKEN, TWO)),
            to -> hear(to, Message.of(Type.COMMIT)),
            to -> to.send(Message.of(Type.COMMITTED)),
            to -> hear(to, Message.of(Type.DONE)),
        };
        for (int i = 0; i < Math.min(end, all.length); i++) {
            all[i].play(link);
        }
        return all.length;
    }

    @Test
    void anOldOneThatDiesAnywhereLeavesEverythingToTheNewOne() throws Exception {
        for (int end = 1; end < 9; end++) {
            int until = end;
            Takeover.Outcome outcome = run(Pair.LONG, true, link -> steps(link, until));
            // The last thing that it is told may be on its way when it dies: then nothing is missing.
            boolean committed = until == 8 && outcome.end() == End.TAKEN_OVER;
            assertTrue(committed || outcome.end() == End.PREDECESSOR_DIED, outcome::toString);
            for (String device : world.devices()) {
                // What the journals are for; what it has already it keeps.
                if (!world.events().contains("new resume " + device)) {
                    successor.resume(device).get();
                }
            }
            assertTrue(world.allWith(successor), world.events()::toString);
            assertTrue(world.events().stream().noneMatch(event -> event.startsWith("new release")));
        }
        assertEquals(End.TAKEN_OVER, run(Pair.LONG, true, link -> assertEquals(9, steps(link, 9))).end());
        assertEquals(List.of("it"), becoming);
    }

    @Test
    void anOldOneThatHangsGetsEverythingBack() throws Exception {
        for (int end = 1; end < 8; end++) {
            int until = end;
            Takeover.Outcome outcome = run(Pair.SHORT, false, link -> steps(link, until));
            assertEquals(End.GIVEN_UP, outcome.end());
            assertEquals("the old process is lost: it has not answered in 600 ms", outcome.reasons().get(0));
            for (String device : world.devices()) {
                // It wakes up, and finds that it was hung up on.
                if (world.events().contains("old release " + device)) {
                    old.resume(device).get();
                }
            }
            assertTrue(world.allWith(old), world.events()::toString);
            assertTrue(becoming.isEmpty());
        }
    }

    @Test
    void anOldOneThatHangsUpAndLivesGetsEverythingBack() throws Exception {
        Takeover.Outcome outcome = run(Pair.LONG, false, link -> {
            steps(link, 6);
            link.close();
        });
        assertEquals(End.GIVEN_UP, outcome.end());
        for (String device : world.devices()) {
            old.resume(device).get();
        }
        assertTrue(world.allWith(old));
    }

    @Test
    void anOldOneThatDoesNotEndIsEnded() throws Exception {
        SimProcess process = new SimProcess(old::dies);
        world.allTo(old);
        try (Pair pair = Pair.in(folder)) {
            CompletableFuture<Takeover.Outcome> asking = CompletableFuture.supplyAsync(() ->
                new Successor(successor, candidates -> List.of(), Pair.SHORT, pid -> process, () -> { })
                    .run(pair.successor(), Hello.ours("2.0"), false));
            steps(pair.old(), 9);
            assertEquals(End.TAKEN_OVER, asking.get(60, TimeUnit.SECONDS).end());
            assertTrue(process.wasKilled());
        }
    }

    @Test
    void aRefusalIsPassedOn() throws Exception {
        Takeover.Outcome outcome = run(Pair.LONG, false, link -> {
            steps(link, 4);
            hear(link, Message.about(Type.RELEASE, TWO));
            link.send(Message.because(Type.REFUSED, "its flush is held"));
            for (String device : List.of(TWO, ONE)) {
                hear(link, Message.about(Type.GIVE_BACK, device));
                if (device.equals(ONE)) {
                    old.resume(ONE).get();
                }
                link.send(Message.about(Type.RESUMED, device));
            }
            hear(link, Message.because(Type.REASON, "vbd-2-51712: the old process says: its flush is held"));
            hear(link, Message.of(Type.ABANDON));
        });
        assertEquals(End.GIVEN_UP, outcome.end());
        assertEquals(List.of("vbd-2-51712: the old process says: its flush is held"), outcome.reasons());
        assertTrue(world.allWith(old));
    }

    @Test
    void whatMakesNoSenseEndsTheConversation() throws Exception {
        refused("it answers resumed to release", 2, Message.about(Type.RESUMED, ONE));
        refused("it answers released to release", 2, Message.about(Type.RELEASED, TWO));
        refused("its list of devices is not one", 1, Message.about(Type.RELEASED, TWO));
        refused("it answers released to commit", 7, Message.about(Type.RELEASED, TWO));
    }

    private void refused(String reason, int steps, Message message) throws Exception {
        Takeover.Outcome outcome = run(Pair.LONG, false, link -> {
            steps(link, steps);
            link.send(message);
            assertTrue(link.awaitEnd(Pair.LONG.step()), "it hangs up");
        });
        assertEquals(End.GIVEN_UP, outcome.end());
        assertEquals("the old process is lost: " + reason, outcome.reasons().get(0));
    }

    @Test
    void aListWithADeviceTwiceIsNone() throws Exception {
        Takeover.Outcome outcome = run(Pair.LONG, false, link -> {
            steps(link, 1);
            hear(link, Message.of(Type.SURVEY));
            link.send(new Message(Type.CANDIDATE, false, ONE, "", ""));
            link.send(new Message(Type.CANDIDATE, false, ONE, "", ""));
            link.send(Message.of(Type.SURVEYED));
        });
        assertEquals(List.of("the old process is lost: its list of devices is not one"), outcome.reasons());
    }

    @Test
    void noiseTakesNothing() throws Exception {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int i = 0; i < 40; i++) {
            int steps = random.nextInt(3);
            byte[] noise = new byte[1 + random.nextInt(500)];
            random.nextBytes(noise);
            Takeover.Outcome outcome = run(Pair.SHORT, false, link -> {
                steps(link, steps);
                link.write(noise);
                link.close();
            });
            assertEquals(End.GIVEN_UP, outcome.end(), "seed " + seed);
            assertTrue(world.events().stream().noneMatch(event -> event.startsWith("new ")), "seed " + seed);
        }
    }

    @Test
    void versionsThatDoNotGoTogetherTouchNothing() throws Exception {
        Takeover.Outcome outcome = run(Pair.LONG, false, link -> link.meet(
            new Hello("0.9", 7, new Formats(0, 0, 0), new Formats(1, 1, 1))));
        assertEquals(new Takeover.Outcome(End.GIVEN_UP, List.of("blkbackd 2.0 reads journals of version 1 to 1, and"
            + " blkbackd 0.9 has version 0: go by way of a version between the two, or restart")), outcome);
        assertEquals(List.of(), world.events());
    }

    @Test
    void aHelloOfALaterLayoutIsRefusedByName() throws Exception {
        Takeover.Outcome outcome = run(Pair.LONG, false, link -> link.write(
            Envelope.seal(Kind.HELLO, 2, new byte[3])));
        assertEquals("the old process is lost: its first words are version 2 is newer than 1, which is the newest that"
            + " this blkbackd reads: upgrade this one, or hand over with an older one", outcome.reasons().get(0));
    }
}
