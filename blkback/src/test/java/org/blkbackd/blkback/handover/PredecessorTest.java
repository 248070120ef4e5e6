// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.handover;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.blkbackd.blkback.handover.Hello.Formats;
import org.blkbackd.blkback.handover.Message.Type;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The old process's side, against a new one that plays by a script. */
@Timeout(120)
class PredecessorTest {

    private static final String ONE = "vbd-1-51712";
    private static final String TWO = "vbd-2-51712";
    private static final Formats FIRST = new Formats(1, 1, 1);

    private final World world = new World(2);
    private final World.Side old = world.side("old");
    private final World.Side successor = world.side("new");
    private SimProcess process;
    @TempDir
    private Path folder;

    /** What the new process does; at its end the connection ends, and the process does or does not. */
    private interface Script {
        void play(Link link) throws Exception;
    }

    private Predecessor.Result run(TakeoverLimits limits, boolean exits, Script script) throws Exception {
        world.allTo(old);
        process = new SimProcess(successor::dies);
        try (Pair pair = Pair.in(folder)) {
            CompletableFuture<Predecessor.Result> serving = CompletableFuture.supplyAsync(() ->
                new Predecessor(old, limits, pid -> process).serve(pair.old(), Hello.ours("1.0")));
            script.play(pair.successor());
            if (exits) {
                process.exits();
                pair.successor().close();
            }
            return serving.get(60, TimeUnit.SECONDS);
        }
    }

    private static void meet(Link link) throws IOException {
        link.meet(Hello.ours("2.0"));
    }

    private static Message ask(Link link, Message message) throws IOException {
        link.send(message);
        return link.receive(Pair.LONG.step());
    }

    private static void survey(Link link) throws IOException {
        assertEquals(ONE, ask(link, Message.of(Type.SURVEY)).candidate().device());
        assertEquals("direct:/srv/" + TWO, link.receive(Pair.LONG.step()).candidate().target());
        assertEquals(Type.SURVEYED, link.receive(Pair.LONG.step()).type());
    }

    private void take(Link link, String device) throws Exception {
        assertEquals(Message.about(Type.RELEASED, device), ask(link, Message.about(Type.RELEASE, device)));
        successor.resume(device).get();
        link.send(Message.about(Type.TAKEN, device));
    }

    private void assertServesOn(Predecessor.Result result) {
        assertFalse(result.handedOver());
        assertTrue(world.allWith(old), world.events()::toString);
        assertFalse(old.isSuspended());
    }

    /** The steps of a whole hand-over, up to and without number {@code end}; returns how many there are. */
    private int steps(Link link, int end) throws Exception {
        Script[] all = {
            PredecessorTest::meet,
            PredecessorTest::survey,
            to -> ask(to, Message.about(Type.RELEASE, ONE)),
            to -> successor.resume(ONE).get(),
            to -> to.send(Message.about(Type.TAKEN, ONE)),
            to -> ask(to, Message.about(Type.RELEASE, TWO)),
            to -> successor.resume(TWO).get(),
            to -> to.send(Message.about(Type.TAKEN, TWO)),
            to -> assertEquals(Type.COMMITTED, ask(to, Message.of(Type.COMMIT)).type()),
            to -> to.send(Message.of(Type.DONE)),
        };
        for (int i = 0; i < Math.min(end, all.length); i++) {
            all[i].play(link);
        }
        return all.length;
    }

    @Test
    void aSuccessorThatDiesAnywhereLeavesEverythingToTheOldOne() throws Exception {
        int[] count = new int[1];
        do {
            int end = count[0];
            Predecessor.Result result = run(Pair.LONG, true, link -> count[0] = steps(link, end) - end);
            if (count[0] == 0) {
                assertTrue(result.handedOver(), "nothing was left out");
                return;
            }
            assertServesOn(result);
            assertFalse(process.wasKilled());
            count[0] = end + 1;
        } while (true);
    }

    @Test
    void aSuccessorThatFallsSilentIsKilledBeforeAnythingIsTakenBack() throws Exception {
        for (int end = 3; end < 10; end++) {
            int until = end;
            Predecessor.Result result = run(Pair.SHORT, false, link -> steps(link, until));
            assertServesOn(result);
            assertTrue(process.wasKilled());
            assertEquals("the new process is lost: it has not answered in 900 ms", result.reasons().get(0));
            assertEquals("new dies", world.events().stream().filter(event -> event.equals("new dies")
                || event.startsWith("old resume")).findFirst().orElse(""));
        }
    }

    @Test
    void aSilentSuccessorWithNothingInItsHandsIsLeftAlone() throws Exception {
        for (int end = 1; end < 3; end++) {
            int until = end;
            assertServesOn(run(Pair.SHORT, false, link -> steps(link, until)));
            assertFalse(process.wasKilled());
        }
    }

    @Test
    void everyStepCanBeAskedForAgain() throws Exception {
        Predecessor.Result result = run(Pair.LONG, false, link -> {
            meet(link);
            survey(link);
            for (int i = 0; i < 3; i++) {
                assertEquals(Message.about(Type.RESUMED, ONE), ask(link, Message.about(Type.GIVE_BACK, ONE)));
            }
            for (int i = 0; i < 3; i++) {
                assertEquals(Message.about(Type.RELEASED, ONE), ask(link, Message.about(Type.RELEASE, ONE)));
            }
            successor.resume(ONE).get();
            for (int i = 0; i < 3; i++) {
                link.send(Message.about(Type.TAKEN, ONE));
            }
            take(link, TWO);
            for (int i = 0; i < 3; i++) {
                assertEquals(Type.COMMITTED, ask(link, Message.of(Type.COMMIT)).type());
            }
            link.send(Message.of(Type.DONE));
        });
        assertTrue(result.handedOver());
        assertTrue(world.allWith(successor));
        assertEquals(4, world.events().size(), world.events()::toString);
    }

    @Test
    void devicesCanGoBackEvenAfterTheCommit() throws Exception {
        Predecessor.Result result = run(Pair.LONG, true, link -> {
            steps(link, 9);
            for (String device : List.of(TWO, ONE)) {
                successor.release(device).get();
                assertEquals(Type.RESUMED, ask(link, Message.about(Type.GIVE_BACK, device)).type());
            }
            link.send(Message.because(Type.REASON, "changed its mind"));
            link.send(Message.of(Type.ABANDON));
        });
        assertServesOn(result);
        assertEquals(List.of("changed its mind"), result.reasons());
    }

    @Test
    void whatMakesNoSenseEndsTheConversation() throws Exception {
        refused("it wants devices before it has asked for them", 1, Message.about(Type.RELEASE, ONE));
        refused("it has not taken everything", 2, Message.of(Type.COMMIT));
        refused("it has not taken everything", 7, Message.of(Type.COMMIT));
        refused("it says that it is done and has not asked", 8, Message.of(Type.DONE));
        refused("it wants a second survey", 2, Message.of(Type.SURVEY));
        refused("it says that it took vbd-1-51712: vbd-1-51712 was not released", 2, Message.about(Type.TAKEN, ONE));
        refused("it gives back vbd-9-51712, which it never had", 2, Message.about(Type.GIVE_BACK, "vbd-9-51712"));
        refused("it says released, which is ours to say", 2, Message.about(Type.RELEASED, ONE));
    }

    private void refused(String reason, int steps, Message message) throws Exception {
        Predecessor.Result result = run(Pair.LONG, true, link -> {
            steps(link, steps);
            link.send(message);
            assertTrue(link.awaitEnd(Pair.LONG.step()), "it hangs up");
        });
        assertServesOn(result);
        assertEquals(List.of("the new process is lost: " + reason), result.reasons());
    }

    @Test
    void aDeviceThatIsNoneIsNotReleased() throws Exception {
        run(Pair.LONG, true, link -> {
            steps(link, 5);
            assertEquals("there is no device vbd-9-51712 to hand over",
                ask(link, Message.about(Type.RELEASE, "vbd-9-51712")).reason());
            assertEquals("vbd-1-51712 is the other's already", ask(link, Message.about(Type.RELEASE, ONE)).reason());
        });
    }

    @Test
    void noiseIsNoReasonToStop() throws Exception {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int i = 0; i < 60; i++) {
            int steps = random.nextInt(9);
            byte[] noise = i % 2 == 0 ? new byte[1 + random.nextInt(500)]
                : Message.about(Type.RELEASE, ONE).encode(1);
            if (i % 2 == 0) {
                random.nextBytes(noise);
            } else {
                noise[random.nextInt(noise.length)] ^= (byte) (1 << random.nextInt(8));
            }
            Predecessor.Result result = run(Pair.SHORT, true, link -> {
                steps(link, steps);
                link.write(noise);
            });
            assertFalse(result.handedOver(), "seed " + seed);
            assertTrue(world.allWith(old), "seed " + seed);
        }
    }

    @Test
    void versionsThatDoNotGoTogetherTouchNothing() throws Exception {
        Predecessor.Result later = run(Pair.LONG, true, link -> link.meet(
            new Hello("9.0", 7, new Formats(2, 3, 3), FIRST)));
        assertServesOn(later);
        assertEquals(List.of("blkbackd 9.0 reads journals of version 2 to 3, and blkbackd 1.0 has version 1: go by way"
            + " of a version between the two, or restart"), later.reasons());
        assertEquals(7, later.pid());
        assertEquals(List.of("new dies"), world.events());
    }

    @Test
    void aVersionThatReadsMoreIsWelcome() throws Exception {
        Predecessor.Result result = run(Pair.LONG, false, link -> {
            link.meet(new Hello("9.0", 7, new Formats(1, 3, 1), new Formats(1, 8, 8)));
            survey(link);
            take(link, ONE);
            take(link, TWO);
            ask(link, Message.of(Type.COMMIT));
            link.send(Message.of(Type.DONE));
        });
        assertTrue(result.handedOver());
    }
}
