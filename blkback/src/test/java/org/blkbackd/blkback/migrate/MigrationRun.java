// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.migrate;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.blkbackd.blkback.blkif.Blkif;
import org.blkbackd.blkback.sim.DiskConfig;
import org.blkbackd.blkback.sim.FrontRequest;
import org.blkbackd.blkback.sim.SimFrontend;

/**
 * One seed: a guest is booted on either host and migrated a few times, with all that the seed has go wrong; then
 * everything is judged.
 */
final class MigrationRun {

    private static final int MOST_MIGRATIONS = 3;
    private static final int MORE = 20;
    private static final int LINGERING_MS = 1_000;
    private static final int GHOST_MS = 4_000;
    private static final int MOST_CUT_MS = 400;

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
        Ending ending = Ending.any(random);
        Kill kill = random.nextInt(3) > 0 ? Kill.NONE : Kill.values()[random.nextInt(Kill.values().length)];
        story.add(ending + (kill == Kill.NONE ? "" : " with " + kill));
        DiskConfig old = disk;
        SimHost source = here();
        SimHost destination = there();
        int cutAt = hosts.link() != null && random.nextInt(3) == 0 ? 1 + random.nextInt(9) : 0;
        disk = new SimMigration(source, destination, guest, disk, ending, random, step -> {
            if (step == cutAt) {
                tally.count("cut the link");
                cutLink();
            }
            if (step == kill.step()) {
                strike(kill.ofSource() ? source : destination);
            }
        }).run();
        if (ending.moves()) {
            at = 1 - at;
        }
        boolean lingers = ending == Ending.LINK_LOST_MOVED || ending == Ending.RESUMED_TWICE;
        if (lingers) {
            linger(source, old, ending == Ending.RESUMED_TWICE && kill == Kill.NONE);
        }
        joinKillers();
        guest.awaitServed(MORE);
        tally.add(ending, kill);
        requireOneWriter();
    }

    /** The guest's old domain is still there, suspended or even resumed; in the end somebody destroys it. */
    private void linger(SimHost source, DiskConfig old, boolean resumed) throws InterruptedException {
        joinKillers();
        boolean parked = isServedWithin(resumed ? GHOST_MS : random.nextInt(LINGERING_MS));
        tally.count(parked ? "served before the source was destroyed" : "not served before the source was destroyed");
        if (resumed && parked) {
            requireHeld(source, old);
        } else if (random.nextInt(3) == 0) {
            story.add("killed while it lingers");
            tally.count("killed DESTINATION_WHILE_SOURCE_LINGERS");
            strike(here());
            isServedWithin(random.nextInt(LINGERING_MS));
            joinKillers();
        }
        source.destroy(old.domid());
    }

    private boolean isServedWithin(long ms) throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(ms);
        while (!guest.isConnected() && System.nanoTime() < deadline) {
            Thread.sleep(2);
        }
        return guest.isConnected();
    }

    /** What the guest's old self wants is not done, and the administrator is told who has the image. */
    private void requireHeld(SimHost source, DiskConfig old) throws InterruptedException {
        SimFrontend ghost = guest.ghost();
        FrontRequest write = ghost.claim();
        ghost.submit(write.put(new byte[Blkif.PAGE_SIZE]).write(0, Blkif.SECTORS_PER_PAGE));
        ghost.kick();
        long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(SimHost.PATIENCE_MS);
        while (source.error(old) == null) {
            if (System.nanoTime() > deadline) {
                throw new AssertionError("nobody is told that the guest's old self waits for the image");
            }
            Thread.sleep(20);
        }
        story.add("told \"" + source.error(old) + "\"");
        if (!source.error(old).matches("16 (.*" + image + ": is in use by .*|.* has it open.*)")) {
            throw new AssertionError("the error node says " + source.error(old));
        }
        tally.count("held with a message: " + source.error(old).replaceAll("\\S*" + image.getFileName(), "IMAGE")
            .replaceAll("pid \\d+", "pid PID").replaceAll("-\\d+-51712", "-D-51712"));
        // what was answered before the guest was suspended may still be there
        for (FrontRequest answered = ghost.reap(); answered != null; answered = ghost.reap()) {
            if (answered == write) {
                throw new AssertionError("the guest's old self was answered");
            }
        }
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

    /** Nothing gets through between the daemons for a while. */
    private void cutLink() {
        int forMs = random.nextInt(MOST_CUT_MS);
        hosts.link().cut(true);
        Thread mender = new Thread(() -> {
            try {
                Thread.sleep(forMs);
            } catch (InterruptedException e) {
                killFailed = e;
            }
            hosts.link().cut(false);
        }, "mender of seed " + seed);
        killers.add(mender);
        mender.start();
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
