// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.migrate;

import java.nio.file.Path;
import org.blkbackd.blkback.sim.DiskConfig;

/** A guest that is moved while one of its writes is held in the storage of the host that it leaves. */
final class LateWrite {

    private static final int SOURCE = 0;
    private static final int DESTINATION = 1;

    private final TwoHosts hosts;
    private final Path image;
    private final int block;
    private final DiskConfig before;
    private final MovingGuest guest;
    private DiskConfig after;
    private Thread destroyer;

    /** @param block that is written late */
    LateWrite(TwoHosts hosts, String engine, int block) throws InterruptedException {
        this.hosts = hosts;
        this.block = block;
        image = hosts.image();
        before = hosts.attach(SOURCE, engine + ":" + image);
        guest = TwoHosts.guest("late writer", 1, before);
        guest.boot(hosts.host(SOURCE), before);
        guest.awaitServed(50);
    }

    MovingGuest guest() {
        return guest;
    }

    /** A write of the block is under way when the guest is suspended, as xl does it. */
    void suspendWithAWriteUnderWay() throws InterruptedException {
        hosts.storage(SOURCE).hold(this::isOfBlock);
        hosts.storage(SOURCE).awaitHeld();
        SimHost host = hosts.host(SOURCE);
        host.askToSuspend(before.domid());
        Thread.sleep(50);
        host.acknowledgeSuspend(before.domid());
        guest.suspend();
        host.fireReleaseDomain();
    }

    private boolean isOfBlock(long offset) {
        return offset / GuestTraffic.BLOCK_BYTES == block;
    }

    /** The rest of the migration: the old domain is destroyed while the write is still under way. */
    void wakeUpElsewhere() {
        after = before.in(hosts.host(DESTINATION).newDomain());
        hosts.host(DESTINATION).toolstack().attach(after);
        guest.wakeUp(hosts.host(DESTINATION), after);
        destroyer = new Thread(() -> hosts.host(SOURCE).destroy(before.domid()), "xl destroy");
        destroyer.start();
    }

    void writeLands() {
        hosts.storage(SOURCE).letThrough();
    }

    /** The guest uses the disk until all blocks have been written anew. */
    void writeNewerOnes() {
        guest.awaitServed(600);
    }

    /** Ends everything in order; returns the image. */
    Path end() throws InterruptedException {
        destroyer.join();
        guest.finish();
        hosts.host(DESTINATION).destroy(after.domid());
        return image;
    }
}
