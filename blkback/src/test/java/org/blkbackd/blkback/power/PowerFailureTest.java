// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.power;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Function;
import org.blkbackd.ioengine.Disk;
import org.blkbackd.ioengine.sim.RecordingDisk;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a guest was told is durable survives a power failure at any moment after. */
class PowerFailureTest {

    private static final long IMAGE_BYTES = 512 * 1024;
    private static final int REQUESTS = 800;
    private static final int LEAST_FLUSHES = 30;

    private final long seed = new Random().nextLong();

    @TempDir
    private Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"direct", "buffered"})
    void everyAcknowledgedFlushHoldsInEveryReplay(String scheme) throws IOException {
        assertEquals(List.of(), brokenPromises(scheme, RecordingDisk::wrap));
    }

    /** The same guest and the same comparison, over storage whose flushes do nothing. */
    @ParameterizedTest
    @ValueSource(strings = {"direct", "buffered"})
    void aFlushThatDoesNothingIsNoticed(String scheme) throws IOException {
        List<String> broken = brokenPromises(scheme, RecordingDisk::withoutFlushes);
        assertFalse(broken.isEmpty(), "seed " + seed);
        System.out.println("noticed: " + broken.get(0));
    }

    private List<String> brokenPromises(String scheme, Function<Disk, RecordingDisk> recorder) throws IOException {
        try (PowerHost host = new PowerHost(folder, scheme, IMAGE_BYTES, seed, recorder)) {
            PowerGuest guest = new PowerGuest(host.frontend(), host.log(), seed);
            guest.run(REQUESTS);
            List<Promise> promises = guest.promises();
            assertTrue(promises.size() >= LEAST_FLUSHES, "only " + promises.size() + " flushes, seed " + seed);
            PowerFailures failures = new PowerFailures(host.log(), seed);
            List<String> broken = failures.broken(promises);
            System.out.println("power failures on " + scheme + ": seed " + seed + ", " + guest.generations()
                + " writes, " + promises.size() + " flushes, " + failures.played() + " failures, " + broken.size()
                + " promises broken");
            assertImageIsAsRecorded(host);
            return broken;
        }
    }

    /** Or the recording is of something else. */
    private void assertImageIsAsRecorded(PowerHost host) throws IOException {
        byte[] image = Files.readAllBytes(folder.resolve("a.img"));
        var recorded = host.log().complete(host.log().now());
        for (int sector = 0; sector < image.length / Stamp.BYTES; sector++) {
            byte[] found = Arrays.copyOfRange(image, sector * Stamp.BYTES, (sector + 1) * Stamp.BYTES);
            assertEquals(Stamp.generation(recorded.sector(sector), seed, sector),
                Stamp.generation(found, seed, sector), "sector " + sector + ", seed " + seed);
        }
    }
}
