// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.migrate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.blkbackd.blkback.model.FaultLog;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A write that the source's storage takes seconds for. The guest is suspended meanwhile, asks for it again where it
 * wakes up, and then for newer ones: the old one must be on the image before all of them.
 */
class LateWriteTest {

    private static final int BLOCK = 7;
    private static final long LATE_MS = Long.getLong("migrate.late", 1_500);

    @ParameterizedTest
    @ValueSource(strings = {"direct", "buffered"})
    void aLateWriteOfTheSourceIsNeverOnTop(String engine) throws Exception {
        try (FaultLog log = new FaultLog(); TwoHosts hosts = new TwoHosts(1)) {
            LateWrite late = new LateWrite(hosts, engine, BLOCK);
            late.suspendWithAWriteUnderWay();
            late.wakeUpElsewhere();
            Thread.sleep(LATE_MS);
            assertFalse(late.guest().isConnected(), "the destination serves while a write of the source is under way");
            late.writeLands();
            late.writeNewerOnes();
            Path image = late.end();
            assertEquals(List.of(), hosts.record(image.toString()).broken());
            late.guest().check(Files.readAllBytes(image));
            assertNull(log.first());
        }
    }
}
