// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.crash;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import org.blkbackd.blkback.blkif.Blkif;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A write of the dead process is still on its way to the storage. If its successor does not wait for it, the guest's
 * next write to the same place comes first, and is lost.
 */
class FenceTest {

    private static final int UNDISTURBED_MS = 2_000;
    private static final long SEED = 7;

    @TempDir
    private Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"off", "auto"})
    void theSuccessorWaitsForTheLastWrite(String ioUring) throws Exception {
        lateWrite("", ioUring, false);
    }

    @Test
    void withoutTheFenceTheLateWriteIsFound() {
        AssertionError found = assertThrows(AssertionError.class, () -> lateWrite("off:fence", "off", true));
        System.out.println("without the fence: " + found.getMessage());
        assertTrue(found.getMessage().contains("holds generation 1, and must hold one of generations [2]"),
            () -> "something else went wrong: " + found);
    }

    private void lateWrite(String faults, String ioUring, boolean heedless) throws Exception {
        try (CrashHost host = new CrashHost(folder, Path.of("target"), SEED)) {
            host.setIoUring(ioUring);
            host.start(host.options().faults(faults).holding(0, 4096)).awaitReady();
            LoneGuest guest = new LoneGuest(host, CrashHost.Shape.plain(1, "direct"), SEED);
            guest.change(Blkif.OP_WRITE, 0, 8);
            Path data = dataOfTheFirstWrite();
            guest.change(Blkif.OP_WRITE, 100, 1);
            guest.awaitInFlight(1);
            host.backend().kill();

            try (LateWriter late = new LateWriter(guest.image(), data)) {
                host.start(host.options().faults(faults)).awaitReady();
                boolean served = guest.comesDownTo(0, heedless ? CrashHost.PATIENCE_MS : UNDISTURBED_MS);
                if (served) {
                    guest.change(Blkif.OP_WRITE, 0, 8);
                    guest.awaitInFlight(0);
                }
                late.write();
                guest.awaitInFlight(0);
                if (!served) {
                    guest.change(Blkif.OP_WRITE, 0, 8);
                    guest.awaitInFlight(0);
                }
                guest.readBack();
                assertFalse(served, "the successor did not wait");
            }
            host.requireStates();
            host.checkImage(guest);
        }
    }

    /** What the guest has put into its pages for the first generation of blocks 0 to 7. */
    private Path dataOfTheFirstWrite() throws Exception {
        byte[] data = new byte[4096];
        Stamp stamp = new Stamp(SEED);
        for (int sector = 0; sector < 8; sector++) {
            stamp.write(data, sector * Stamp.SIZE, sector, 1);
        }
        return Files.write(folder.resolve("late"), data);
    }
}
