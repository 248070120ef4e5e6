// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.migration.net;

import static org.blkbackd.blkback.migration.net.TestHost.DEVICE;
import static org.blkbackd.blkback.migration.net.TestHost.FEATURES;
import static org.blkbackd.blkback.migration.net.TestHost.IMAGE;
import static org.blkbackd.blkback.migration.net.TestHost.want;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.blkbackd.blkback.device.FeatureState;
import org.blkbackd.blkback.migration.PeerHello;
import org.blkbackd.blkback.migration.Want;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Two hosts over TLS on the loopback address. */
@Timeout(300)
class PeerNetworkTest {

    @TempDir
    private static Path keys;
    private static TestPki pki;

    @TempDir
    private Path dir;
    private TestHost a;
    private TestHost b;

    @BeforeAll
    static void makeCertificates() {
        pki = new TestPki(keys).authority("ca").authority("stranger").host("hosta", "hosta", "ca")
            .host("hostb", "HostB", "ca").host("other-name", "hostx", "ca").host("foreign", "hostb", "stranger")
            .expired("expired", "hostb", "ca");
    }

    @BeforeEach
    void writeCertificates() throws IOException {
        a = new TestHost("hosta", dir);
        b = new TestHost("hostb", dir);
        pki.write(a.folder(), "host", "hosta", "ca");
        pki.write(b.folder(), "host", "hostb", "ca");
    }

    @AfterEach
    void stop() {
        a.close();
        b.close();
    }

    private void startBoth() {
        a.start(b.peer("*"));
        b.start(a.peer("*"));
    }

    @Test
    void anImageGoesFromHostToHost() {
        startBoth();
        assertEquals("granted", a.claimPatiently(want(false)));
        assertEquals("hosta (127.0.0.1:" + a.port() + ") says: vbd-3-51712 has it open for guest u1",
            b.claimPatiently(want(false)));
        a.network().parked(DEVICE, FEATURES);
        assertEquals("granted", b.claimUntilGranted(want(false)));
        assertTrue(a.claimPatiently(want(true)).contains(" has it open for guest u1"), "the source resumes too late");
        b.network().released(DEVICE);
        assertEquals("granted", a.claimUntilGranted(want(true)));
        assertEquals("connected", status(a).state());
        assertEquals("1.0-test", status(a).program());
    }

    @Test
    void aPeerThatIsOffIsWaitedForUnlessTheOperatorSaysSo() {
        a.start(b.peer("*"));
        assertEquals("peer hostb (127.0.0.1:" + b.port() + ") does not answer: Connection refused; if that host is off,"
            + " say 'blkbackctl peers --fenced hostb'", a.claim(want(false)));
        assertEquals("silent", status(a).state());
        assertEquals("Connection refused", status(a).problem());
        assertTrue(a.network().fence("hostb", true).join());
        assertFalse(a.network().fence("hostz", true).join());
        assertEquals("granted", a.claim(want(false)));
        assertEquals("fenced", status(a).state());
        b.start(a.peer("*"));
        assertTrue(b.claimPatiently(want(false)).contains(" has it open"));
        assertEquals("connected", status(a).state(), "it was heard, so it is not off");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "foreign    | its certificate is from no authority that this host knows",
        "expired    | its certificate has expired (NotAfter",
        "other-name | its certificate is for [hostx], not for hostb",
    })
    void aCertificateThatProvesNothingIsRefusedBothWays(String alias, String reason) throws IOException {
        pki.write(b.folder(), "host", alias, "ca");
        startBoth();
        String refusal = a.claim(want(false));
        assertTrue(refusal.contains("peer hostb (127.0.0.1:" + b.port() + ") does not answer: "), refusal);
        assertTrue(refusal.contains(reason), refusal);
        assertFalse(refusal.contains("\n"));
        assertTrue(a.introduction().contains(reason), a.introduction());
        String refused = b.claim(want(false));
        assertTrue(refused.contains(alias.equals("other-name") ? "its certificate is for [hostx], not for hostb"
            : "does not accept this host's certificate"), refused);
        assertTrue(b.introduction().startsWith("peer hosta (127.0.0.1:" + a.port() + ") does not answer: "),
            b.introduction());
    }

    @Test
    void whoIsSilentOrTakenAsOffMayBeADifferentHostTomorrow() throws IOException {
        TestHost c = new TestHost("hostc", dir);
        a.start(b.peer("*"), c.peer("*"));
        assertEquals("", a.introduction(), "both may be off");
        pki.write(b.folder(), "host", "foreign", "ca");
        b.start(a.peer("*"));
        assertTrue(a.introduction().startsWith("peer hostb "), a.introduction());
        a.network().fence("hostb", true).join();
        assertEquals("", a.introduction(), "the operator has said enough about it");
    }

    @Test
    void whoSpeaksIsWelcomeWhateverItSays() {
        startBoth();
        assertEquals("granted", b.claimPatiently(want(false)));
        assertEquals("", a.introduction());
        assertEquals("connected", status(a).state());
        assertEquals("", a.network().introduce("fs:local").join(), "nobody shares it");
    }

    @Test
    void certificatesAreReadAgainWhenTheyAreReplaced() throws IOException {
        pki.write(b.folder(), "host", "expired", "ca");
        startBoth();
        assertTrue(a.claim(want(false)).contains("NotAfter"));
        pki.write(b.folder(), "host", "hostb", "ca");
        assertEquals("granted", a.claimPatiently(want(false)));
        a.network().released(DEVICE);
        Files.writeString(b.folder().resolve("host.key"), "nonsense");
        assertEquals("granted", b.claimUntilGranted(want(false)), "what was read before is used meanwhile");
    }

    @Test
    void aHostThatCannotIdentifyItselfSaysWhy() throws IOException {
        Files.delete(a.folder().resolve("host.key"));
        startBoth();
        assertEquals("peer hostb (127.0.0.1:" + b.port() + ") does not answer: this host cannot identify itself: "
            + a.folder().resolve("host.key") + " does not exist; if that host is off, say 'blkbackctl peers --fenced"
            + " hostb'", a.claim(want(false)));
        assertTrue(a.introduction().contains("this host cannot identify itself: "), a.introduction());
        Files.copy(b.folder().resolve("host.key"), a.folder().resolve("host.key"));
        String refusal = a.claim(want(false));
        assertTrue(refusal.contains("host.key is not the key of the certificate"), refusal);
    }

    @Test
    void aPeerMayAskOnlyAboutWhatIsSharedWithIt() {
        a.start(b.peer("wwid:naa.2*"));
        b.start(a.peer("*"));
        assertEquals("hosta (127.0.0.1:" + a.port() + ") says: wwid:naa.1 is not shared with hostb by hosta: see"
            + " migration.peers in its blkbackd.conf", b.claimPatiently(want(false)));
        assertEquals("granted", b.claimPatiently(want("wwid:naa.22", false)));
    }

    @Test
    void whoIsNoPeerIsToldSo() throws IOException {
        TestHost c = new TestHost("hostc", dir);
        a.start(c.peer("*"));
        b.start(a.peer("*"));
        assertTrue(b.introduction().contains("hostb is no peer of hosta"), b.introduction());
        String refusal = b.claim(want(false));
        assertTrue(refusal.contains("hosta does not speak to this host: hostb is no peer of hosta: see migration.peers"
            + " in its blkbackd.conf"), refusal);
    }

    @Test
    void versionsThatOverlapSpeakAndOthersSayWhy() {
        a.start(b.peer("*"));
        b.start(TestHost.PATIENT, new PeerHello(1, 7, "hostb", "9.0"), a.peer("*"));
        assertEquals("granted", a.claimPatiently(want(false)));
        assertTrue(b.claimPatiently(want(false)).contains("has it open"));
        b.close();
        b.start(TestHost.PATIENT, new PeerHello(5, 7, "hostb", "10.0"), a.peer("*"));
        a.network().released(DEVICE);
        String conflict = "blkbackd 1.0-test on hosta reads messages of version 1 to 1, and blkbackd 10.0 on hostb of 5"
            + " to 7: upgrade the older one";
        String refusal = a.claim(want(false));
        assertTrue(refusal.contains(conflict) || refusal.contains("upgrade the older one"), refusal);
        assertTrue(b.claim(want(false)).contains("upgrade the older one"));
    }

    @Test
    void bothAtOnceGoToOneOfThem() {
        startBoth();
        for (int i = 0; i < 5; i++) {
            CompletableFuture<String> other =
                CompletableFuture.supplyAsync(() -> b.claimPatiently(want(false)));
            String mine = a.claimPatiently(want(false));
            String theirs = other.join();
            assertFalse(mine.equals("granted") && theirs.equals("granted"), "two have it");
            assertTrue(mine.equals("granted") || theirs.equals("granted"), mine + " and " + theirs);
            a.network().released(DEVICE);
            b.network().released(DEVICE);
            a.network().peers().join();
            b.network().peers().join();
        }
    }

    @Test
    void aQuestionSaysWhatWouldBeInTheWay() {
        startBoth();
        assertEquals(DEVICE + " has no image open: its guest is not connected", a.query());
        assertEquals("granted", a.claimUntilGranted(want(false)));
        assertEquals("", a.query());
        assertEquals("hostz is no peer; known are hostb", a.network().query("hostz", DEVICE).join());
        a.network().released(DEVICE);
        FeatureState many = new FeatureState(4, 8, 256, 512, 2048, false, "", List.of());
        assertEquals("granted", a.claimUntilGranted(new Want(DEVICE, IMAGE, "u1", "xvda", true, many)));
        assertEquals("hostb says: its guest uses 8 queues, and there would be at most 2: set workers = 8", a.query());
        b.close();
        assertTrue(a.query().contains("hostb (127.0.0.1:" + b.port() + ") does not answer: "));
        assertEquals("granted", a.claim(want(true)), "what is open stays open");
    }

    @Test
    void aPeerThatComesBackIsAskedAgain() {
        startBoth();
        assertEquals("granted", a.claimPatiently(want(false)));
        a.network().released(DEVICE);
        b.close();
        String refusal = a.claim(want(false));
        assertTrue(refusal.contains("does not answer"), refusal);
        b.start(a.peer("*"));
        assertEquals("granted", a.claimPatiently(want(false)));
        assertNotNull(status(b).program());
    }

    private static PeerStatus status(TestHost host) {
        return host.network().peers().join().get(0);
    }
}
