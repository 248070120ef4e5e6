// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.migration;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.blkbackd.blkback.device.ClaimResult;
import org.blkbackd.blkback.device.FeatureState;
import org.blkbackd.blkback.migration.PeerMessage.Type;
import org.junit.jupiter.api.Test;

class ImageClaimsTest {

    private static final String IMAGE = "wwid:1";
    private static final String DEVICE = "vbd-3-51712";

    private final List<PeerMessage> sent = new ArrayList<>();
    private final List<String> sentTo = new ArrayList<>();
    private final List<String> told = new ArrayList<>();
    private final List<String> notes = new ArrayList<>();
    private long nonce;
    private final ImageClaims claims = new ImageClaims("hostb", List.of(peer("hosta"), peer("hostc")),
        features(256, 512, 2048), () -> ++nonce, new ClaimEffects() {
            @Override
            public void send(Peer peer, PeerMessage message) {
                sent.add(message);
                sentTo.add(peer.name());
            }

            @Override
            public void told(String device, ClaimResult result) {
                told.add(device + ": " + (result.granted() ? "granted" : result.refusal()));
            }

            @Override
            public void note(String line) {
                notes.add(line);
            }
        });

    @Test
    void anImageThatIsSharedWithNobodyIsGrantedAtOnce() {
        claims.claim(new Want(DEVICE, "fs:local", "u1", "xvda", false, features(256, 512, -1)), 0);
        assertEquals(List.of(DEVICE + ": granted"), told);
        assertEquals(List.of(), sent);
    }

    @Test
    void everyPeerIsAskedAndEveryOneMustAnswer() {
        claims.claim(want("u1", false), 0);
        assertEquals(List.of("hosta", "hostc"), sentTo);
        assertEquals(List.of(Type.RELEASE, Type.RELEASE), types());
        claims.received("hosta", PeerMessage.unknown(1));
        claims.received("hosta", PeerMessage.unknown(1));
        claims.received("hostc", PeerMessage.unknown(99));
        assertEquals(List.of(), told);
        claims.received("hostc", PeerMessage.released(1, features(256, 512, 2048)));
        assertEquals(List.of(DEVICE + ": granted"), told);
        assertEquals(List.of(Type.RELEASE, Type.RELEASE, Type.CONFIRM, Type.CONFIRM), types());
        assertEquals(List.of(DEVICE + ": hostc has let go of its image, policy enospc, which held: a write",
            DEVICE + " opens wwid:1: no claim to it by hosta, hostc"), notes);
    }

    @Test
    void aPeerCanNeverMakeARunningGuestsDiskStop() {
        open();
        Random random = new Random(7);
        for (int i = 0; i < 20_000; i++) {
            sent.clear();
            Type type = Type.values()[random.nextInt(Type.values().length)];
            long number = random.nextInt(4);
            FeatureState features = features(random.nextInt(512), 512, random.nextInt(4096));
            claims.received(random.nextBoolean() ? "hosta" : "hostc", new PeerMessage(type, false,
                random.nextBoolean(), number, IMAGE, random.nextBoolean() ? "u1" : "u2", "xvda", "give it to me",
                features));
            if (type == Type.RELEASE || type == Type.QUERY) {
                assertEquals(Type.BUSY, sent.get(0).type());
                assertEquals(DEVICE + " has it open for guest u1", sent.get(0).reason());
            }
            claims.unreachable("hosta", "gone");
            claims.tick(i * 1_000L);
        }
        assertEquals(List.of(), told, "nothing was taken away");
        assertEquals(Long.MAX_VALUE, claims.tick(0), "nothing is waited for");
    }

    @Test
    void whatIsNotAnsweredIsAskedAgainAndRefusedInTheEnd() {
        claims.claim(want("u1", false), 0);
        assertEquals(1_000, claims.tick(10));
        assertEquals(2, sent.size());
        assertEquals(2_000, claims.tick(1_000));
        assertEquals(4, sent.size());
        assertEquals(sent.get(0), sent.get(2), "the same request, so that its answers are the same, too");
        claims.received("hosta", PeerMessage.unknown(1));
        claims.tick(2_000);
        assertEquals(5, sent.size(), "who has answered is not asked again");
        assertEquals(Long.MAX_VALUE, claims.tick(5_000));
        assertEquals(List.of(DEVICE + ": peer hostc (192.0.2.2:7878) does not answer: nothing heard in 5 s; if that"
            + " host is off, say 'blkbackctl peers --fenced hostc'"), told);
        assertEquals("hosta", sentTo.get(5), "who has answered is told");
        assertEquals(Type.ABORT, sent.get(5).type());
    }

    @Test
    void aPeerThatCannotBeReachedIsToldAtOnce() {
        claims.claim(want("u1", false), 0);
        claims.unreachable("hosta", "Connection refused");
        assertTrue(told.get(0).contains("peer hosta (192.0.2.2:7878) does not answer: Connection refused;"));
        claims.received("hostc", PeerMessage.unknown(1));
        assertEquals(1, told.size());
    }

    @Test
    void theOperatorsWordStandsUntilThePeerIsHeard() {
        claims.fence("hosta", true);
        claims.claim(want("u1", false), 0);
        assertEquals(List.of("hostc"), sentTo);
        claims.fence("hostc", true);
        assertEquals(List.of(DEVICE + ": granted"), told, "also for who waits already");
        claims.released(DEVICE);
        claims.received("hosta", PeerMessage.about(Type.ABORT, 5, IMAGE));
        assertFalse(claims.isFenced("hosta"));
        assertEquals("hosta (192.0.2.2:7878) is there, and not taken as off any more", notes.get(notes.size() - 1));
        sentTo.clear();
        claims.claim(want("u1", false), 0);
        assertEquals(List.of("hosta"), sentTo);
    }

    @Test
    void ofTwoThatAskEachOtherTheLowerNameGoesFirstButAGuestThatWaitsBeforeAll() {
        claims.claim(want("u1", false), 0);
        assertEquals(Type.BUSY, answer("hostc", Type.RELEASE, "u1", false).type());
        assertEquals(Type.UNKNOWN, answer("hosta", Type.RELEASE, "u1", false).type());
        assertEquals(List.of(DEVICE + ": hosta (192.0.2.2:7878) asks for it, too, and goes first"), told);
        claims.claim(want("u1", true), 0);
        assertEquals(Type.BUSY, answer("hosta", Type.RELEASE, "u1", false).type());
        assertEquals(Type.UNKNOWN, answer("hosta", Type.RELEASE, "u1", true).type());
    }

    @Test
    void whatASuspendedGuestLeftGoesToThatGuestAndToNoOther() {
        park();
        PeerMessage busy = answer("hosta", Type.RELEASE, "u2", false);
        assertEquals(DEVICE + " keeps it for the suspended guest u1, not u2", busy.reason());
        PeerMessage left = answer("hosta", Type.RELEASE, "u1", false);
        assertEquals(Type.RELEASED, left.type());
        assertEquals(features(256, 512, 2048), left.features());
        claims.received("hosta", PeerMessage.about(Type.CONFIRM, 77, IMAGE));
        assertEquals(DEVICE + ": hosta opens its image now", notes.get(notes.size() - 1));
        claims.released(DEVICE);
        assertEquals(Type.UNKNOWN, answer("hosta", Type.RELEASE, "u2", false).type());
    }

    @Test
    void whatWouldHarmTheGuestIsSaidBeforeAnythingMoves() {
        park();
        assertTrue(reasonFor(features(32, 512, -1)).contains("told of 256 indirect segments, and there would be 32"));
        assertTrue(reasonFor(features(256, 4096, -1)).contains("set sector-size=512 in the target on both hosts"));
        assertTrue(reasonFor(features(256, 512, 1024)).contains("a disk of 2048 sectors"));
        assertEquals("", reasonFor(features(256, 512, 4096)));
    }

    @Test
    void aParkedGuestThatGoesOnAsksAndStaysParkedWhenItIsRefused() {
        park();
        claims.claim(want("u1", true), 0);
        assertEquals(Type.BUSY, answer("hosta", Type.RELEASE, "u1", false).type());
        claims.received("hosta", PeerMessage.busy(nonce, "vbd-9-51712 has it open"));
        assertEquals(List.of(DEVICE + ": hosta (192.0.2.2:7878) says: vbd-9-51712 has it open"), told);
        assertEquals(Type.RELEASED, answer("hosta", Type.RELEASE, "u1", false).type());
    }

    @Test
    void aParkedGuestThatGoesOnNeedsNoWordOfASilentPeer() {
        park();
        answer("hosta", Type.QUERY, "u1", false);
        claims.claim(want("u1", true), 0);
        claims.unreachable("hosta", "connection refused");
        assertEquals(List.of(), told);
        claims.tick(ImageClaims.PATIENCE_MS);
        assertEquals(List.of(DEVICE + ": granted"), told);
        assertEquals(Type.BUSY, answer("hosta", Type.RELEASE, "u1", true).type());
        assertTrue(notes.contains(DEVICE + ": peer hosta (192.0.2.2:7878) does not answer: connection refused; but has"
            + " not asked for the image since it was parked"), notes.toString());
    }

    @Test
    void butThePeersThatAnswerAreHeard() {
        park();
        claims.claim(want("u1", true), 0);
        claims.unreachable("hosta", "connection refused");
        claims.received("hostc", PeerMessage.busy(nonce, "vbd-9-51712 has it open"));
        assertEquals(List.of(DEVICE + ": hostc (192.0.2.2:7878) says: vbd-9-51712 has it open"), told);
    }

    @Test
    void whatAPeerWasLetHaveNeedsItsWord() {
        park();
        assertEquals(Type.RELEASED, answer("hosta", Type.RELEASE, "u1", false).type());
        claims.claim(want("u1", true), 0);
        claims.unreachable("hosta", "connection refused");
        claims.claim(want("u1", true), 0);
        claims.unreachable("hostc", "connection refused");
        assertEquals(2, told.size());
        assertTrue(told.get(0).contains("peer hosta (192.0.2.2:7878) does not answer"), told.get(0));
        assertTrue(told.get(1).contains("peer hostc (192.0.2.2:7878) does not answer"), told.get(1));
    }

    @Test
    void whatWasParkedAndNeverGrantedNeedsEveryonesWord() {
        claims.parked(want("u1", true));
        claims.claim(want("u1", true), 0);
        claims.unreachable("hosta", "connection refused");
        assertTrue(told.get(0).contains("does not answer"), told.get(0));
    }

    @Test
    void aQuestionChangesNothing() {
        claims.claim(want("u1", false), 0);
        assertEquals(Type.UNKNOWN, answer("hosta", Type.QUERY, "u1", false).type());
        assertEquals(List.of(), told);
        claims.received("hosta", PeerMessage.unknown(1));
        claims.received("hostc", PeerMessage.unknown(1));
        assertEquals(List.of(DEVICE + ": granted"), told);
    }

    @Test
    void aQuestionIsAnsweredByWhatThisHostOffers() {
        sent.clear();
        claims.received("hosta", new PeerMessage(Type.QUERY, false, false, 5, IMAGE, "u1", "xvda", "",
            new FeatureState(4, 8, 256, 512, 2048, false, "", List.of())));
        assertEquals("its guest uses 8 queues, and there would be at most 2: set workers = 8", sent.get(0).reason());
    }

    @Test
    void aPeerIsToldNothingOfWhatIsNotSharedWithIt() {
        claims.received("hosta", PeerMessage.ask(Type.RELEASE, 5, new Want("vbd-1-1", "fs:local", "", "", false,
            features(256, 512, 2048))));
        assertEquals("fs:local is not shared with hosta by hostb: see migration.peers in its blkbackd.conf",
            sent.get(0).reason());
        sent.clear();
        claims.received("nobody", PeerMessage.about(Type.ABORT, 1, IMAGE));
        assertEquals(List.of(), sent);
    }

    @Test
    void readersDoNotDisturbEachOther() {
        Want reader = SimHosts.want(DEVICE, IMAGE, "u1", false, true);
        claims.inherit(reader);
        claims.received("hosta", PeerMessage.ask(Type.RELEASE, 5, SimHosts.want("vbd-9-1", IMAGE, "u9", false, true)));
        assertEquals(Type.UNKNOWN, sent.get(0).type());
        assertEquals(Type.BUSY, answer("hosta", Type.RELEASE, "u1", false).type());
    }

    @Test
    void whatThisHostHasAllTheWhileNeedsNobodysWord() {
        claims.inherit(want("u1", true));
        claims.claim(want("u1", true), 0);
        assertEquals(List.of(DEVICE + ": granted", DEVICE + ": granted"), told);
        assertEquals(List.of(), sent);
        assertEquals(Type.BUSY, answer("hosta", Type.RELEASE, "u1", true).type());
    }

    private void open() {
        claims.claim(want("u1", false), 0);
        claims.received("hosta", PeerMessage.unknown(nonce));
        claims.received("hostc", PeerMessage.unknown(nonce));
        assertEquals(List.of(DEVICE + ": granted"), told);
        told.clear();
        sent.clear();
        sentTo.clear();
    }

    private void park() {
        open();
        claims.parked(new Want(DEVICE, IMAGE, "u1", "xvda", true, features(256, 512, 2048)));
    }

    private PeerMessage answer(String peer, Type type, String domain, boolean running) {
        sent.clear();
        claims.received(peer, PeerMessage.ask(type, 1000, new Want("vbd-9-51712", IMAGE, domain, "xvda", running,
            features(256, 512, -1))));
        return sent.stream().filter(PeerMessage::isAnswer).findFirst().orElseThrow();
    }

    private String reasonFor(FeatureState offered) {
        sent.clear();
        claims.received("hosta", PeerMessage.ask(Type.RELEASE, 1000, new Want("vbd-9-51712", IMAGE, "u1", "xvda",
            false, offered)));
        return sent.get(0).reason();
    }

    private List<Type> types() {
        return sent.stream().map(PeerMessage::type).toList();
    }

    private static Want want(String domain, boolean running) {
        return new Want(DEVICE, IMAGE, domain, "xvda", running, features(256, 512, running ? 2048 : -1));
    }

    private static Peer peer(String name) {
        return new Peer(name, "192.0.2.2", 7878, List.of("wwid:*"));
    }

    private static FeatureState features(int segments, int sectorSize, long sectors) {
        return new FeatureState(4, 2, segments, sectorSize, sectors, false, "enospc",
            sectors == 2048 ? List.of("a write") : List.of());
    }
}
