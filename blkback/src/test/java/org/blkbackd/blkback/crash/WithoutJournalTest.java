// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.crash;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The mutation check: a daemon that keeps no journal must not pass. */
class WithoutJournalTest {

    private static final long PATIENCE_MS = 8_000;
    private static final int MOST_DEATHS = 5;

    @TempDir
    private Path folder;

    @Test
    void whatWasInFlightIsMissed() throws Exception {
        long seed = new Random().nextInt();
        System.out.println("seed " + seed);
        try (CrashHost host = new CrashHost(folder, Path.of("target"), seed)) {
            host.start(host.options().faults("off:journal")).awaitReady();
            host.boot(CrashHost.Shape.plain(1, "direct"));
            host.boot(CrashHost.Shape.large(2, "buffered"));
            AssertionError found = assertThrows(AssertionError.class, () -> {
                for (int death = 0; death < MOST_DEATHS; death++) {
                    host.backend().kill();
                    host.start(host.options().faults("off:journal")).awaitReady();
                    host.awaitServed(30, PATIENCE_MS);
                }
            });
            System.out.println("without the journal: " + found.getMessage());
            assertTrue(found.getMessage().startsWith("guest "), () -> "something else went wrong: " + found);
        }
    }
}
