// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.crash;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.Random;
import org.blkbackd.blkback.blkif.Blkif;
import org.blkbackd.blkback.sim.FrontQueue;
import org.blkbackd.blkback.sim.FrontRequest;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A ring wrapped many times with one old request still outstanding: its slot holds others' answers since long. */
class OneOldRequestTest {

    private static final int OTHERS = 3000;

    @TempDir
    private Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"direct", "buffered"})
    void theOldRequestIsAnsweredOnceAfterADeath(String engine) throws Exception {
        long seed = new Random().nextInt();
        System.out.println("seed " + seed);
        try (CrashHost host = new CrashHost(folder, Path.of("target"), seed)) {
            host.start(host.options().holding(0, 4096).delay(1)).awaitReady();
            LoneGuest guest = new LoneGuest(host, CrashHost.Shape.plain(1, engine), seed);
            FrontQueue queue = guest.queue();
            FrontRequest old = guest.change(Blkif.OP_WRITE, 0, 8);
            for (int others = 0; others < OTHERS; others += 31) {
                for (int i = 0; i < 31; i++) {
                    guest.change(Blkif.OP_WRITE, 16 + 2 * i, 2);
                }
                guest.awaitInFlight(1);
            }
            assertTrue(queue.ring().shared().rspProd() >= OTHERS, "the ring was wrapped many times");

            host.backend().kill();
            host.start();
            guest.awaitInFlight(0);
            assertTrue(old.isOkay());
            guest.readBack();
            assertEquals(0, guest.frontend().violations());
            host.requireStates();
            host.checkImage(guest);
        }
    }
}
