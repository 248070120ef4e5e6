// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.migration;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.function.UnaryOperator;
import org.blkbackd.blkback.migration.PeerMessage.Type;
import org.junit.jupiter.api.Test;

/** {@code -Dblkbackd.claims.seeds=1000000} tries more, {@code -Dblkbackd.claims.seed=N} begins with another seed. */
class ClaimsSimulationTest {

    private static final int SEEDS = Integer.getInteger("blkbackd.claims.seeds", 2_000);
    private static final long FIRST = Long.getLong("blkbackd.claims.seed", 1);
    private static final int STEPS = 300;
    private static final String DEVICE = "vbd-1-51712";

    @Test
    void atNoInstantIsAnImageOpenOnTwoHosts() {
        long grants = 0;
        for (long seed = FIRST; seed < FIRST + SEEDS; seed++) {
            SimHosts hosts = new SimHosts(seed, seed % 3 == 0 ? 3 : 2, UnaryOperator.identity());
            hosts.chaos(STEPS);
            grants += hosts.grants();
        }
        assertTrue(grants > SEEDS, "only " + grants + " claims were granted with " + SEEDS + " seeds");
    }

    @Test
    void whoAloneWantsAnImageGetsItOnceLinksAreWhole() {
        for (long seed = FIRST; seed < FIRST + SEEDS / 4; seed++) {
            SimHosts hosts = new SimHosts(seed, seed % 3 == 0 ? 3 : 2, UnaryOperator.identity());
            hosts.chaos(STEPS);
            hosts.calm();
            SimHosts.Host host = hosts.host((int) (seed % 2));
            host.claim(SimHosts.want(DEVICE, SimHosts.SHARED, "u1", false, false));
            hosts.whole();
            assertTrue(host.has(DEVICE), "seed " + seed);
        }
    }

    @Test
    void ofTwoThatAskTogetherOneGetsItAndTheOtherWhenThatLetsGo() {
        for (long seed = FIRST; seed < FIRST + SEEDS / 4; seed++) {
            SimHosts hosts = new SimHosts(seed, 2, UnaryOperator.identity());
            for (int i = 0; i < 3; i++) {
                hosts.host(1).claim(SimHosts.want(DEVICE, SimHosts.SHARED, "u1", false, false));
                hosts.host(0).claim(SimHosts.want(DEVICE, SimHosts.SHARED, "u2", false, false));
                hosts.whole();
            }
            assertTrue(hosts.host(0).has(DEVICE) != hosts.host(1).has(DEVICE), "not one of them has it, seed " + seed);
            int holder = hosts.host(0).has(DEVICE) ? 0 : 1;
            hosts.host(holder).release(DEVICE);
            hosts.whole();
            hosts.host(1 - holder).claim(SimHosts.want(DEVICE, SimHosts.SHARED, "u2", false, false));
            hosts.whole();
            assertTrue(hosts.host(1 - holder).has(DEVICE), "seed " + seed);
        }
    }

    @Test
    void aLinkThatLiesIsFoundOut() {
        UnaryOperator<PeerMessage> lie = message -> message.type() == Type.BUSY
            ? PeerMessage.unknown(message.nonce()) : message;
        AssertionError found = assertThrows(AssertionError.class, () -> {
            for (long seed = 1; seed < 200; seed++) {
                new SimHosts(seed, 2, lie).chaos(STEPS);
            }
        });
        assertTrue(found.getMessage().contains(" is open on host"), found::getMessage);
    }
}
