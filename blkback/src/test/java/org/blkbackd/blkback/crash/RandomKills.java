// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.crash;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import org.blkbackd.blkback.fault.FaultPoint;

/**
 * {@code FOLDER KILLS [SEED]}: kills the backend so many times, half of them at any moment from outside, half at points
 * of its own, now and then again while it recovers, under four guests; prints what came of it. Run by
 * {@code packaging/bench/crash.sh}.
 */
final class RandomKills {

    private static final int LATEST_VISIT = 400;
    private static final int LATEST_MS = 300;
    private static final int RECOVERY_MS = 2_000;
    private static final int PROGRESS = 50;

    private final CrashHost host;
    private final Random random;
    private final List<Double> pausesMs = new ArrayList<>();
    private int kills;
    private int nextReport = PROGRESS;
    private int atPoints;
    private int inRecovery;

    private RandomKills(CrashHost host, Random random) {
        this.host = host;
        this.random = random;
    }

    public static void main(String[] args) throws Exception {
        long seed = args.length > 2 ? Long.parseLong(args[2]) : new Random().nextInt();
        System.out.println("seed " + seed);
        Path folder = Path.of(args[0]);
        try (CrashHost host = new CrashHost(Files.createDirectories(folder.resolve("host")), folder, seed)) {
            host.start();
            host.boot(CrashHost.Shape.plain(1, "direct"));
            host.boot(CrashHost.Shape.plain(2, "buffered"));
            host.boot(CrashHost.Shape.large(3, "direct"));
            host.boot(CrashHost.Shape.large(4, "buffered"));
            new RandomKills(host, new Random(seed)).run(Integer.parseInt(args[1]));
        } catch (AssertionError e) {
            e.printStackTrace();
            System.out.println("FAILED with seed " + seed);
            System.exit(1);
        }
    }

    private void run(int wanted) throws InterruptedException {
        host.awaitServed();
        while (kills < wanted) {
            host.guests().forEach(CheckedGuest::takeLongestSilenceNs);
            dieOnce();
            while (random.nextInt(5) == 0) {
                host.start(host.options());
                Thread.sleep(random.nextInt(RECOVERY_MS));
                host.backend().kill();
                inRecovery++;
                kills++;
            }
            host.start();
            host.awaitServed();
            host.guests().forEach(guest -> pausesMs.add(guest.takeLongestSilenceNs() / 1e6));
            if (kills >= nextReport) {
                nextReport += PROGRESS;
                System.out.println("  " + kills + " kills, " + host.answers() + " requests, " + pauses());
            }
        }
        host.finish();
        host.checkImages();
        System.out.printf(Locale.ROOT, "%d kills: %d at fault points, %d at any moment, %d of these in recovery%n"
            + "%d requests, each answered once; %d blocks compared with what the guest had written%n%s%n", kills,
            atPoints, kills - atPoints, inRecovery, host.answers(), host.blocksRead(), pauses());
    }

    /** From a guest's last answer to its next one. */
    private String pauses() {
        Collections.sort(pausesMs);
        return String.format(Locale.ROOT, "pause seen by a guest: median %.0f ms, maximum %.0f ms",
            pausesMs.get(pausesMs.size() / 2), pausesMs.get(pausesMs.size() - 1));
    }

    private void dieOnce() throws InterruptedException {
        kills++;
        if (random.nextBoolean()) {
            FaultPoint point = FaultPoint.values()[random.nextInt(FaultPoint.AFTER_LAST_FLUSH.ordinal())];
            host.backend().arm(point, 1 + random.nextInt(LATEST_VISIT));
            int end = host.backend().awaitEnd(CrashHost.PATIENCE_MS);
            if (end != BackendProcess.KILLED) {
                throw new AssertionError("armed at " + point + ", it ended with " + end);
            }
            atPoints++;
        } else {
            Thread.sleep(random.nextInt(LATEST_MS));
            host.backend().kill();
        }
    }
}
