// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.crash;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Deaths of other kinds than by SIGKILL at a known point. */
class OtherDeathsTest {

    /** What a JVM ends with that may leave no core. */
    private static final int CRASHED = 1;
    /** ExitOnOutOfMemoryError. */
    private static final int OUT_OF_MEMORY = 3;
    private static final int STUMBLES = 8;
    private static final int STUMBLE_MS = 2_500;

    @TempDir
    private Path folder;
    private CrashHost host;
    private Random random;

    @BeforeEach
    void boot() throws Exception {
        long seed = new Random().nextInt();
        random = new Random(seed);
        System.out.println("seed " + seed);
        host = new CrashHost(folder, Path.of("target"), seed);
        host.start();
        host.boot(CrashHost.Shape.plain(1, "buffered"));
        host.boot(CrashHost.Shape.large(2, "direct"));
        host.awaitServed();
    }

    @AfterEach
    void close() throws Exception {
        host.close();
    }

    private void servedAgain() {
        host.start();
        host.awaitServed();
        host.finish();
        host.checkImages();
    }

    @Test
    void aRestartGoesUnnoticed() {
        for (int i = 0; i < 3; i++) {
            host.backend().signal("TERM");
            assertEquals(0, host.backend().awaitEnd(CrashHost.PATIENCE_MS), "how it ended");
            host.start();
            host.awaitServed();
        }
        host.finish();
        host.checkImages();
    }

    @Test
    void aFaultInNativeCodeGoesUnnoticed() throws Exception {
        host.backend().signal("SEGV");
        assertEquals(CRASHED, host.backend().awaitEnd(CrashHost.PATIENCE_MS), "how it ended");
        assertTrue(Files.readString(host.folder().resolve("hs_err")).contains("SIGSEGV"));
        servedAgain();
    }

    @Test
    void aBackendWithoutMemoryEndsAndTheNextGoesOn() {
        host.backend().command("oom");
        assertEquals(OUT_OF_MEMORY, host.backend().awaitEnd(CrashHost.PATIENCE_MS), "how it ended");
        servedAgain();
    }

    @Test
    void deathAfterDeathDuringRecoveryGoesUnnoticed() throws Exception {
        for (int i = 0; i < STUMBLES; i++) {
            host.backend().kill();
            host.start(host.options());
            Thread.sleep(random.nextInt(STUMBLE_MS));
        }
        host.backend().kill();
        servedAgain();
    }
}
