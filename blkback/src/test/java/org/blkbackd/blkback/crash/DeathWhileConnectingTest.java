// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.crash;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.blkbackd.blkback.blkif.Blkif;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The backend dies while a guest comes or goes: it does both a little later, and nothing is left of it. */
class DeathWhileConnectingTest {

    private static final int DEATHS = 6;
    private static final int LATEST_MS = 60;

    @TempDir
    private Path folder;
    private CrashHost host;
    private Random random;
    private long seed;

    @BeforeEach
    void start() throws Exception {
        seed = new Random().nextInt();
        random = new Random(seed);
        System.out.println("seed " + seed);
        host = new CrashHost(folder, Path.of("target"), seed);
        host.start();
    }

    @AfterEach
    void close() throws Exception {
        host.close();
    }

    @Test
    void theGuestConnectsToTheNextOne() throws Exception {
        for (int domid = 1; domid <= DEATHS; domid++) {
            CrashHost.Shape shape = domid % 2 == 0 ? CrashHost.Shape.large(domid, "direct")
                : CrashHost.Shape.plain(domid, "buffered");
            CompletableFuture<LoneGuest> booting =
                CompletableFuture.supplyAsync(() -> new LoneGuest(host, shape, seed + shape.domid()));
            dieAndComeBack();
            LoneGuest guest = booting.get(CrashHost.PATIENCE_MS, TimeUnit.MILLISECONDS);
            useAndCheck(guest);
        }
    }

    @Test
    void theGuestIsLetGoOfByTheNextOne() throws Exception {
        for (int domid = 1; domid <= DEATHS; domid++) {
            LoneGuest guest = new LoneGuest(host, CrashHost.Shape.plain(domid, "direct"), seed + domid);
            useAndCheck(guest);
            int leaving = domid;
            CompletableFuture<Void> end = CompletableFuture.runAsync(() -> {
                guest.frontend().close(CrashHost.PATIENCE_MS);
                host.toolstack().detach(host.disk(leaving));
            });
            dieAndComeBack();
            end.get(2 * CrashHost.PATIENCE_MS, TimeUnit.MILLISECONDS);
            assertEquals(0, guest.frontend().stillMapped());
            host.backend().kill();
            host.start();
        }
    }

    private void dieAndComeBack() throws InterruptedException {
        Thread.sleep(random.nextInt(LATEST_MS));
        host.backend().kill();
        host.start();
    }

    private static void useAndCheck(LoneGuest guest) {
        guest.change(Blkif.OP_WRITE, 3, 5);
        guest.awaitInFlight(0);
        guest.readBack();
        assertEquals(0, guest.frontend().violations());
    }
}
