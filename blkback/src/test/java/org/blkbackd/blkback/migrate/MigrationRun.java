// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.migrate;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.blkbackd.blkback.sim.DiskConfig;

/**
 * One seed: a guest is booted on either host and migrated a few times, with all that the seed has go wrong; then
 * everything is judged.
 */
final class MigrationRun {

    private static final int MOST_MIGRATIONS = 3;
    private static final int MORE = 20;

    private final TwoHosts hosts;
    private final Tally tally;
    private final Random random;
    private final long seed;
    private final String target;
    private final Path image;
    private final StorageRecord record;
    private final List<String> story = new ArrayList<>();
    private final List<Thread> killers = new ArrayList<>();
    private volatile Throwable killFailed;
    private MovingGuest guest;
    private DiskConfig disk;
    private int at;

    /** @param engine with options, as {@code direct} or {@code buffered,exclusive=none} */
    MigrationRun(TwoHosts hosts, Tally tally, String engine, long seed) {
        this.hosts = hosts;
        this.tally = tally;
        this.seed = seed;
        random = new Random(seed);
        image = hosts.image();
        target = engine + ":" + image;
        record = hosts.record(image.toString());
    }

    /**
     * Everything, to the end.
     *
     * @throws AssertionError with the seed and what happened last, when a rule was broken
     */
    void run() throws IOException, InterruptedException {
        try {
            at = random.nextInt(2);
            disk = hosts.attach(at, target);
            guest = TwoHosts.guest("guest of seed " + seed, seed, disk);
            guest.boot(here(), disk);
            guest.awaitServed(MORE);
            for (int left = 1 + random.nextInt(MOST_MIGRATIONS); left > 0; left--) {
                migrate();
            }
            end();
        } catch (AssertionError | RuntimeException e) {
            guest.stop();
            throw new AssertionError("seed " + seed + " on " + target + ", " + story + ": " + e.getMessage() + "\n"
                + record.broken() + "\n" + record.tail(), e);
        }
    }

    private SimHost here() {
        return hosts.host(at);
    }

    private SimHost there() {
        return hosts.host(1 - at);
    }

    // --- migrating --------------------------------------------------------------------------------------------------

    private void migrate() throws InterruptedException {
        Ending ending = Ending.values()[random.nextInt(Ending.values().length)];
        Kill kill = random.nextInt(3) > 0 ? Kill.NONE : Kill.values()[random.nextInt(Kill.values().length)];
        story.add(ending + (kill == Kill.NONE ? "" : " with " + kill));
        DiskConfig old = disk;
        SimHost source = here();
        SimHost destination = there();
        disk = new SimMigration(source, destination, guest, disk, ending, random, step -> {
            if (step == kill.step()) {
                strike(kill.ofSource() ? source : destination);
            }
        }).run();
        if (ending.moves()) {
            at = 1 - at;
        }
        boolean lingers = ending == Ending.LINK_LOST_MOVED || ending == Ending.RESUMED_TWICE;
        if (lingers) {
            linger(source, old, ending == Ending.RESUMED_TWICE);
        }
        joinKillers();
        guest.awaitServed(MORE);
        tally.add(ending, kill);
        requireOneWriter();
    }

    /** The guest's old domain is still there, suspended or even resumed; in the end somebody destroys it. */
    private void linger(SimHost source, DiskConfig old, boolean resumed) throws InterruptedException {
        Thread.sleep(random.nextInt(60));
        joinKillers();
        source.destroy(old.domid());
    }

    /** The daemon of a host dies somewhere in its next steps, and comes back. */
    private void strike(SimHost host) {
        int steps = 1 + random.nextInt(60);
        long within = 5 + random.nextInt(40);
        long down = random.nextInt(60);
        Thread killer = new Thread(() -> {
            try {
                host.killAndRestart(steps, within, down);
            } catch (InterruptedException | RuntimeException | Error e) {
                killFailed = e;
            }
        }, "killer of seed " + seed);
        killers.add(killer);
        killer.start();
    }

    private void joinKillers() throws InterruptedException {
        for (Thread killer : killers) {
            killer.join();
        }
        killers.clear();
        if (killFailed != null) {
            throw new AssertionError("the daemon could not be killed and started again", killFailed);
        }
    }

    // --- judging ----------------------------------------------------------------------------------------------------

    private void requireOneWriter() {
        if (!record.broken().isEmpty()) {
            throw new AssertionError(record.broken().get(0));
        }
    }

    private void end() throws IOException, InterruptedException {
        guest.finish();
        here().destroy(disk.domid());
        requireOneWriter();
        if (!record.writers().isEmpty()) {
            throw new AssertionError(record.writers() + " still have the image open");
        }
        guest.check(Files.readAllBytes(image));
        if (!here().domains().isEmpty() || !there().domains().isEmpty()) {
            throw new AssertionError("domains are left");
        }
        tally.add(guest.traffic(), record);
        Files.delete(image);
    }
}
