// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.migrate;

import java.util.Random;
import org.blkbackd.blkback.sim.DiskConfig;

/**
 * One {@code xl migrate}: what xl does on both hosts, in its order (xl_migrate.c migrate_domain and migrate_receive;
 * libxl_dom_suspend.c; libxl_create.c), to one of its endings.
 *
 * <pre>
 *   1  make the domain on the destination      5  -
 *   2  copy memory; the guest runs             6  ready
 *   3  the guest suspends itself               7  GO
 *   4  add its disks on the destination        8  unpause it there     9  destroy it on the source
 * </pre>
 */
final class SimMigration {

    private final SimHost source;
    private final SimHost destination;
    private final MovingGuest guest;
    private final DiskConfig before;
    private final Ending ending;
    private final Faulty faulty;
    private final Random random;
    private DiskConfig after;

    /** What else is to happen: told where the migration is. */
    interface Faulty {

        /** At the beginning of a step. */
        void at(int step) throws InterruptedException;
    }

    /** @param disk of the guest on the source */
    SimMigration(SimHost source, SimHost destination, MovingGuest guest, DiskConfig disk, Ending ending, Random random,
        Faulty faulty) {
        this.source = source;
        this.destination = destination;
        this.guest = guest;
        this.before = disk;
        this.ending = ending;
        this.random = random;
        this.faulty = faulty;
    }

    /** Runs it, and returns the disk of the guest where it is then. The guest's old domain may be left: see ending. */
    DiskConfig run() throws InterruptedException {
        if (ending == Ending.CANCELLED) {
            suspend();
            pause(20);
            guest.goOn();
            return before;
        }
        faulty.at(1);
        after = before.in(destination.newDomain());
        faulty.at(2);
        pause(10);
        suspend();
        faulty.at(4);
        if (ending == Ending.FAILS_BEFORE_READY) {
            return failBeforeReady();
        }
        destination.toolstack().attach(after);
        faulty.at(6);
        pause(5);
        faulty.at(7);
        source.rename(before.domid(), "--migratedaway");
        pause(5);
        faulty.at(8);
        return switch (ending) {
            case UNPAUSE_FAILS -> {
                destination.destroy(after.domid());
                yield resumeSource();
            }
            case LINK_LOST_NOT_MOVED -> {
                pause(30);
                DiskConfig disk = resumeSource();
                destination.destroy(after.domid());
                yield disk;
            }
            default -> unpause();
        };
    }

    private DiskConfig unpause() throws InterruptedException {
        if (ending == Ending.MOVED_PAUSED) {
            faulty.at(9);
            source.destroy(before.domid());
            pause(20);
        }
        guest.wakeUp(destination, after, ending == Ending.RESUMED_TWICE);
        if (ending == Ending.MOVED) {
            pause(5);
            faulty.at(9);
            source.destroy(before.domid());
        } else if (ending == Ending.SOURCE_LINGERS) {
            pause(60);
            faulty.at(9);
            source.destroy(before.domid());
        }
        return after;
    }

    /** The destination destroys its copy, wherever it was with it; the source does not wait for that. */
    private DiskConfig failBeforeReady() throws InterruptedException {
        if (random.nextBoolean()) {
            destination.toolstack().beginAttach(after);
        } else if (random.nextBoolean()) {
            destination.toolstack().attach(after);
        }
        pause(10);
        boolean sourceFirst = random.nextBoolean();
        if (sourceFirst) {
            resumeSource();
            pause(5);
        }
        destination.destroy(after.domid());
        return sourceFirst ? before : resumeSource();
    }

    /** libxl_domain_resume with suspend_cancel: same ring, no event. */
    private DiskConfig resumeSource() {
        source.rename(before.domid(), "");
        guest.goOn();
        return before;
    }

    /** The toolstack asks, the guest agrees, and stops some time later; xenstored tells everybody of its shutdown. */
    private void suspend() throws InterruptedException {
        source.askToSuspend(before.domid());
        pause(4);
        source.acknowledgeSuspend(before.domid());
        pause(4);
        faulty.at(3);
        guest.suspend();
        source.fireReleaseDomain();
    }

    /** Some milliseconds, or none. */
    private void pause(int mostMs) throws InterruptedException {
        if (random.nextInt(3) > 0) {
            Thread.sleep(random.nextInt(mostMs) + 1L);
        }
    }
}
