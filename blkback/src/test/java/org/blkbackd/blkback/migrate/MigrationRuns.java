// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.migrate;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.blkbackd.blkback.model.FaultLog;
import org.blkbackd.ioengine.file.FileOptions;

/** {@code RUNS [SEED]}: so many runs, from one seed on; prints what came of them. */
final class MigrationRuns {

    /** Pairs of hosts at work at a time: most of them wait for something. */
    private static final int PAIRS = Integer.getInteger("migrate.pairs", 12);
    private static final int PROGRESS = 250;

    private final Tally tally = new Tally();
    private final AtomicInteger next = new AtomicInteger();
    private final int count;
    private final long first;

    private MigrationRuns(int count, long first) {
        this.count = count;
        this.first = first;
    }

    /** Runs {@code count} seeds, both engines in turn. */
    static Tally run(int count, long first) throws InterruptedException {
        return new MigrationRuns(count, first).run();
    }

    private Tally run() throws InterruptedException {
        System.out.println("migrations with seeds " + first + " to " + (first + count - 1));
        long began = System.nanoTime();
        ExecutorService pairs = Executors.newFixedThreadPool(PAIRS);
        try (FaultLog log = new FaultLog()) {
            Thread.UncaughtExceptionHandler noted = Thread.getDefaultUncaughtExceptionHandler();
            Thread.setDefaultUncaughtExceptionHandler((thread, cause) -> {
                if (!(cause instanceof Life.Ended)) {
                    noted.uncaughtException(thread, cause);
                }
            });
            List<Future<?>> all = new ArrayList<>();
            for (int i = 0; i < PAIRS; i++) {
                boolean peers = i % 2 == 1;
                all.add(pairs.submit(() -> {
                    runSome(peers);
                    return null;
                }));
            }
            for (Future<?> pair : all) {
                pair.get();
            }
            if (log.first() != null) {
                throw new AssertionError("a daemon says: " + log.first());
            }
        } catch (ExecutionException e) {
            throw new AssertionError(e.getCause().getMessage(), e.getCause());
        } finally {
            next.set(count);
            pairs.shutdownNow();
        }
        System.out.println("  " + tally + "\n  in " + (System.nanoTime() - began) / 1_000_000_000 + " s");
        return tally;
    }

    /** @param peers claims keep the two apart, and no lock */
    private void runSome(boolean peers) throws Exception {
        String option = peers ? ",exclusive=none" : "";
        try (TwoHosts hosts = new TwoHosts(first, FileOptions.DEFAULTS, peers)) {
            for (int run = next.getAndIncrement(); run < count; run = next.getAndIncrement()) {
                new MigrationRun(hosts, tally, (run % 2 == 0 ? "direct" : "buffered") + option, first + run).run();
                if (run > 0 && run % PROGRESS == 0) {
                    System.out.println("  " + run);
                }
            }
        }
    }

    public static void main(String[] args) throws Exception {
        long seed = args.length > 1 ? Long.parseLong(args[1]) : new Random().nextInt(Integer.MAX_VALUE);
        try {
            run(Integer.parseInt(args[0]), seed);
            System.exit(0);
        } catch (AssertionError e) {
            e.printStackTrace();
            System.exit(1);
        }
    }
}
