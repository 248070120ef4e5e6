// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.migration.net;

import static org.blkbackd.blkback.migration.net.TestHost.FEATURES;
import static org.blkbackd.blkback.migration.net.TestHost.want;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.blkbackd.blkback.device.Claim;
import org.blkbackd.blkback.device.ClaimResult;
import org.blkbackd.blkback.xenbus.VbdAddress;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(300)
class PeerClaimsTest {

    private static final VbdAddress ADDRESS = VbdAddress.parse(TestHost.DEVICE);
    private static final Claim CLAIM = new Claim(ADDRESS, "direct:/dev/a", null, true, "u1", FEATURES);
    private static final Claim NAMED = new Claim(ADDRESS, "/srv/unknown.img", "web", true, null, FEATURES);

    @TempDir
    private static Path keys;
    private static TestPki pki;

    @TempDir
    private Path dir;
    private TestHost a;
    private TestHost b;
    private PeerClaims claims;

    @BeforeAll
    static void makeCertificates() {
        pki = new TestPki(keys).authority("ca").host("hosta", "hosta", "ca").host("hostb", "hostb", "ca");
    }

    @BeforeEach
    void start() throws IOException {
        a = new TestHost("hosta", dir);
        b = new TestHost("hostb", dir);
        pki.write(a.folder(), "host", "hosta", "ca");
        pki.write(b.folder(), "host", "hostb", "ca");
        a.start(b.peer("*"));
        b.start(a.peer("*"));
        claims = claims(false);
    }

    private PeerClaims claims(boolean inherits) {
        return new PeerClaims(a.network(), target -> {
            if (target.contains("unknown")) {
                throw new IllegalArgumentException(target + ": another host cannot know it");
            }
            return TestHost.IMAGE;
        }, inherits);
    }

    @AfterEach
    void stop() {
        claims.close();
        b.close();
    }

    @Test
    void whatAnotherProcessOfThisHostTookIsStillThisHosts() {
        assertEquals("granted", claim(CLAIM));
        claims.keep(TestHost.DEVICE);
        claims.released(CLAIM);
        settle();
        assertTrue(b.claimPatiently(want(true)).contains("has it open"), "it is open in another process");
        assertEquals("granted", claim(CLAIM), "it came back");
        claims.keep(TestHost.DEVICE);
        claims.released(CLAIM);
        claims.unkeep();
        assertEquals("granted", b.claimUntilGranted(want(false)));
    }

    @Test
    void aNewProcessOfThisHostAsksNobodyForWhatTheOldOneHas() {
        b.close();
        assertTrue(claim(CLAIM).contains("does not answer"));
        claims = claims(true);
        assertEquals("granted", claim(CLAIM));
        claims.begin();
        claims.released(CLAIM);
        assertTrue(claim(CLAIM).contains("does not answer"));
    }

    @Test
    void aNameStandsForWhatTheStorageDoesNotTell() {
        Claim unknown = new Claim(ADDRESS, NAMED.target(), null, true, null, FEATURES);
        assertEquals("peers cannot be asked about /srv/unknown.img: /srv/unknown.img: another host cannot know it",
            claim(unknown));
        assertEquals("granted", claim(new Claim(ADDRESS, NAMED.target(), null, false, null, FEATURES)),
            "others may write to it");
        assertEquals("granted", claim(NAMED));
        assertTrue(b.claimPatiently(want("name:web", false)).contains("has it open"));
    }

    private String claim(Claim wanted) {
        CompletableFuture<ClaimResult> answer = new CompletableFuture<>();
        claims.claim(wanted, answer::complete);
        ClaimResult result = answer.orTimeout(60, TimeUnit.SECONDS).join();
        return result.granted() ? "granted" : result.refusal();
    }

    private void settle() {
        a.network().peers().join();
    }
}
