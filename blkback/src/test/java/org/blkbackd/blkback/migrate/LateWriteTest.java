// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.migrate;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.blkbackd.blkback.model.FaultLog;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A write that the source's storage takes seconds for. The guest is suspended meanwhile, asks for it again where it
 * wakes up, and then for newer ones: the old one must be on the image before all of them. {@code -Dmigrate.late=MS}
 * makes it later.
 */
class LateWriteTest {

    private static final long LATE_MS = Long.getLong("migrate.late", 1_500);

    /** The source is destroyed as soon as the guest runs elsewhere. */
    @ParameterizedTest
    @ValueSource(strings = {"direct", "buffered"})
    void aLateWriteIsOnTheImageBeforeASourceThatIsDestroyedLetsGo(String engine) throws Exception {
        try (FaultLog log = new FaultLog(); TwoHosts hosts = new TwoHosts(1)) {
            LateWrite late = moved(hosts, engine);
            Thread destroyer = new Thread(late::destroySource, "xl destroy");
            destroyer.start();
            requireWaiting(late);
            late.land();
            late.writeNewerOnes();
            destroyer.join();
            late.judge();
            assertNull(log.first());
        }
    }

    /** The source stays: what lets go is that it parks. */
    @ParameterizedTest
    @ValueSource(strings = {"direct", "buffered"})
    void aLateWriteIsOnTheImageBeforeASourceThatParksLetsGo(String engine) throws Exception {
        try (FaultLog log = new FaultLog(); TwoHosts hosts = new TwoHosts(1)) {
            LateWrite late = moved(hosts, engine);
            requireWaiting(late);
            late.land();
            late.writeNewerOnes();
            late.destroySource();
            late.judge();
            assertNull(log.first());
        }
    }

    private static LateWrite moved(TwoHosts hosts, String engine) throws InterruptedException {
        LateWrite late = new LateWrite(hosts, engine);
        late.suspendWithAWriteUnderWay();
        late.wakeUpElsewhere();
        return late;
    }

    private static void requireWaiting(LateWrite late) throws InterruptedException {
        Thread.sleep(LATE_MS);
        assertFalse(late.guest().isConnected(), "the destination serves while a write of the source is under way");
    }

    /** The control: a source that parks without waiting for its writes. */
    @ParameterizedTest
    @ValueSource(strings = {"direct", "buffered"})
    void withoutTheDrainItLandsOnTop(String engine) throws Exception {
        Process process = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:TieredStopAtLevel=1", "-Xmx256m", "--enable-native-access=ALL-UNNAMED", "-Dblkbackd.faults=off:drain",
            "-cp", System.getProperty("java.class.path"), LateWrite.class.getName(), engine)
            .redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        System.out.println("without the drain, " + engine + ": " + said);
        assertTrue(said.contains("does a write @28672 while"), said);
        assertTrue(said.matches("(?s).*sector (5[6-9]|6[0-3]) holds generation \\d+, and must hold one of.*"), said);
    }
}
