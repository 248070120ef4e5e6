// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.migrate;

import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.blkbackd.blkback.sim.DiskConfig;
import org.blkbackd.ioengine.file.FileOptions;

/**
 * {@code MIGRATIONS}: how long a guest is without its disk when all goes well and xl takes no time of its own, so that
 * all there is to wait for is the daemons: from the moment it stops on the one host, and from the moment it wakes up
 * on the other, until its disk is Connected there. On storage that takes none either.
 */
final class MigrationPauses {

    private static final int MORE = 20;
    private static final long LOOK_NS = TimeUnit.MICROSECONDS.toNanos(100);
    private static final double MS = 1e6;

    private final TwoHosts hosts;
    private final MovingGuest guest;
    private final long[] stoppedNs;
    private final long[] wokenNs;
    private DiskConfig disk;

    private MigrationPauses(TwoHosts hosts, String target, int count) {
        this.hosts = hosts;
        stoppedNs = new long[count];
        wokenNs = new long[count];
        disk = hosts.attach(0, target);
        guest = TwoHosts.guest("guest on " + target, 1, disk);
        guest.boot(hosts.host(0), disk);
        guest.awaitServed(MORE);
    }

    private void run() {
        for (int i = 0; i < stoppedNs.length; i++) {
            migrate(i, hosts.host(i % 2), hosts.host(1 - i % 2));
            guest.awaitServed(MORE);
        }
        guest.stop();
    }

    private void migrate(int number, SimHost source, SimHost destination) {
        DiskConfig before = disk;
        disk = before.in(destination.newDomain());
        source.askToSuspend(before.domid());
        source.acknowledgeSuspend(before.domid());
        guest.suspend();
        final long stopped = System.nanoTime();
        source.fireReleaseDomain();
        destination.toolstack().attach(disk);
        source.rename(before.domid(), "--migratedaway");
        final long woken = System.nanoTime();
        guest.wakeUp(destination, disk);
        while (!guest.isConnected()) {
            LockSupport.parkNanos(LOOK_NS);
        }
        final long connected = System.nanoTime();
        stoppedNs[number] = connected - stopped;
        wokenNs[number] = connected - woken;
        source.destroy(before.domid());
    }

    private static String milliseconds(long[] times) {
        Arrays.sort(times);
        return String.format("%.1f ms (median; %.1f at most)", times[times.length / 2] / MS,
            times[times.length - 1] / MS);
    }

    public static void main(String[] args) throws Exception {
        int count = Integer.parseInt(args[0]);
        for (String engine : new String[] {"direct", "buffered"}) {
            for (boolean peers : new boolean[] {false, true}) {
                try (TwoHosts hosts = new TwoHosts(1, FileOptions.DEFAULTS, peers, 0)) {
                    if (peers) {
                        hosts.link().faultless();
                    }
                    MigrationPauses pauses = new MigrationPauses(hosts,
                        engine + (peers ? ",exclusive=none:" : ":") + hosts.image(), count);
                    pauses.run();
                    System.out.println(engine + ", " + (peers ? "claims" : "lock") + ": " + count
                        + " migrations, stopped to connected " + milliseconds(pauses.stoppedNs)
                        + ", woken to connected " + milliseconds(pauses.wokenNs));
                }
            }
        }
        System.exit(0);
    }
}
