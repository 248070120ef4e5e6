// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.crash;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.blkbackd.blkback.fault.FaultPoint;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The backend dies at every point of the data path, of a stop and of recovery, under a guest with one small ring and
 * one with two large ones. {@code -Dcrash.rounds=N} goes through all points N times, each time at other visits.
 */
class FaultPointsTest {

    private static final int ROUNDS = Integer.getInteger("crash.rounds", 1);
    private static final int LATEST_VISIT = 150;
    private static final int DISKS = 2;
    private static final int RINGS = 3;

    private static final Set<FaultPoint> DATA_PATH = EnumSet.range(FaultPoint.AFTER_CONSUME, FaultPoint.AFTER_NOTIFY);
    private static final Set<FaultPoint> STOP = EnumSet.of(FaultPoint.AFTER_LAST_FLUSH);
    private static final Set<FaultPoint> RECOVERY =
        EnumSet.range(FaultPoint.RECOVERY_FOUND, FaultPoint.RECOVERY_NOTIFIED);

    @TempDir
    private Path folder;
    private CrashHost host;
    private final Map<FaultPoint, List<Integer>> deaths = new EnumMap<>(FaultPoint.class);

    @ParameterizedTest
    @CsvSource({"direct, off", "buffered, off", "direct, auto", "buffered, auto"})
    void nothingIsLostWhereverItDies(String engine, String ioUring) throws Exception {
        long seed = new Random().nextInt();
        Random random = new Random(seed);
        System.out.println("fault points on " + engine + ", io_uring " + ioUring + ", seed " + seed);
        try (CrashHost crashHost = new CrashHost(folder, Path.of("target"), seed)) {
            host = crashHost;
            host.setIoUring(ioUring);
            host.start();
            host.boot(CrashHost.Shape.plain(1, engine));
            host.boot(CrashHost.Shape.large(2, engine));
            for (int round = 0; round < ROUNDS; round++) {
                // What comes first on one engine comes later on the other.
                int turn = round + (engine.equals("direct") ? 0 : 1);
                for (FaultPoint point : DATA_PATH) {
                    dieAt(point, (point.ordinal() + turn) % 2 == 0 ? 1 : 2 + random.nextInt(LATEST_VISIT));
                }
                for (FaultPoint point : STOP) {
                    dieAt(point, 1 + turn % RINGS);
                }
                for (FaultPoint point : RECOVERY) {
                    dieAt(point, 1 + (point.ordinal() + turn) % DISKS);
                }
            }
            host.finish();
            host.checkImages();
            deaths.forEach((point, visits) -> System.out.println("  " + point + ": killed at visits " + visits));
            System.out.println("  " + engine + ": " + deaths.values().stream().mapToInt(List::size).sum()
                + " deaths at " + deaths.size() + " points, " + host.answers() + " requests answered once each, "
                + host.blocksRead() + " blocks compared");
        }
    }

    private void dieAt(FaultPoint point, int visit) {
        try {
            if (RECOVERY.contains(point)) {
                host.backend().kill();
                host.start(host.options().faults("kill:" + point + ":" + visit));
            } else {
                host.backend().arm(point, visit);
                if (STOP.contains(point)) {
                    host.backend().signal("TERM");
                }
            }
            assertEquals(BackendProcess.KILLED, host.backend().awaitEnd(CrashHost.PATIENCE_MS), "how it ended");
            host.start();
            host.awaitServed();
        } catch (AssertionError e) {
            throw new AssertionError("killed at " + point + ", visit " + visit + ", after " + deaths + ": "
                + e.getMessage(), e);
        }
        deaths.computeIfAbsent(point, p -> new ArrayList<>()).add(visit);
    }
}
