// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.migrate;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.blkbackd.blkback.model.FaultLog;
import org.blkbackd.blkback.sim.DiskConfig;

/**
 * A guest that is moved while one of its writes is held in the storage of the host that it leaves. {@code ENGINE} runs
 * it to the end without waiting for that write, for a daemon that does not either, and says what came of it.
 */
final class LateWrite {

    private static final int SOURCE = 0;
    private static final int DESTINATION = 1;
    private static final int BLOCK = 7;
    private static final int MANY = 800;

    private final TwoHosts hosts;
    private final Path image;
    private final DiskConfig before;
    private final MovingGuest guest;
    private DiskConfig after;

    LateWrite(TwoHosts hosts, String engine) {
        this.hosts = hosts;
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
        hosts.storage(SOURCE).hold(offset -> offset / GuestTraffic.BLOCK_BYTES == BLOCK);
        hosts.storage(SOURCE).awaitHeld();
        SimHost host = hosts.host(SOURCE);
        host.askToSuspend(before.domid());
        Thread.sleep(50);
        host.acknowledgeSuspend(before.domid());
        guest.suspend();
        host.fireReleaseDomain();
    }

    /** The guest is unpaused on the other host. */
    void wakeUpElsewhere() {
        hosts.host(SOURCE).rename(before.domid(), "--migratedaway");
        after = before.in(hosts.host(DESTINATION).newDomain());
        hosts.host(DESTINATION).toolstack().attach(after);
        guest.wakeUp(hosts.host(DESTINATION), after);
    }

    /** What xl does then. */
    void destroySource() {
        hosts.host(SOURCE).destroy(before.domid());
    }

    /** The write reaches the image. */
    void land() throws InterruptedException {
        hosts.storage(SOURCE).letThrough();
        hosts.storage(SOURCE).awaitLanded();
    }

    /** The guest uses the disk until all blocks have been written anew. */
    void writeNewerOnes() {
        guest.awaitServed(MANY);
    }

    /** The guest looks at all blocks, and the image is compared, too. */
    void judge() throws IOException {
        guest.finish();
        hosts.host(DESTINATION).destroy(after.domid());
        if (!record().broken().isEmpty()) {
            throw new AssertionError(record().broken() + "\n" + record().tail());
        }
        guest.check(Files.readAllBytes(image));
    }

    SimHost source() {
        return hosts.host(SOURCE);
    }

    SimHost destination() {
        return hosts.host(DESTINATION);
    }

    StorageRecord record() {
        return hosts.record(image.toString());
    }

    public static void main(String[] args) throws Exception {
        try (FaultLog log = new FaultLog(); TwoHosts hosts = new TwoHosts(1)) {
            LateWrite late = new LateWrite(hosts, args[0]);
            late.suspendWithAWriteUnderWay();
            late.wakeUpElsewhere();
            late.writeNewerOnes();
            late.guest().suspend();
            // what it still has under way is done by then
            Thread.sleep(500);
            late.land();
            System.out.println(late.record().broken());
            late.judge();
            System.out.println(log.first());
        } catch (AssertionError e) {
            System.out.println(e.getMessage());
        }
        Runtime.getRuntime().halt(0);
    }
}
