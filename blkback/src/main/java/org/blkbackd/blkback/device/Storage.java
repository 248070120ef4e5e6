// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.device;

import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.blkbackd.ioengine.Disk;
import org.blkbackd.ioengine.DiskException;
import org.blkbackd.ioengine.DiskSpec;
import org.blkbackd.ioengine.Disks;
import org.blkbackd.ioengine.Measured;
import org.blkbackd.ioengine.OpenMode;
import org.blkbackd.ioengine.StorageThreads;

/**
 * Slow storage calls, on a pool of their own, so that one dead server stops neither the conductor nor other disks.
 * Results come back on the conductor's thread. Every method is called there.
 */
final class Storage implements AutoCloseable {

    private final Disks disks;
    private final Claims claims;
    private final Consumer<Runnable> conductor;
    private final StorageThreads pool = new StorageThreads("blkbackd-storage");

    /** @param conductor runs what it is given on the conductor's thread */
    Storage(Disks disks, Claims claims, Consumer<Runnable> conductor) {
        this.disks = disks;
        this.claims = claims;
        this.conductor = conductor;
    }

    /** What opening came to: a disk, or the reason why not. */
    record Opened(Disk disk, DiskException failure) {
    }

    /**
     * Says whether the disk could be opened, without opening it: null, or why not.
     *
     * @param name what the image is called on every host, or null
     */
    void check(String target, String name, boolean readOnly, Consumer<DiskException> then) {
        pool.execute(() -> {
            DiskException failure = attempt(() -> disks.check(DiskSpec.parse(target), readOnly));
            conductor.accept(() -> {
                if (failure == null) {
                    checkClaim(target, name, then);
                } else {
                    then.accept(failure);
                }
            });
        });
    }

    private void checkClaim(String target, String name, Consumer<DiskException> then) {
        claims.check(target, name, problem -> conductor.accept(() -> then.accept(problem.isEmpty() ? null
            : new DiskException(DiskException.Kind.IN_USE, problem))));
    }

    /**
     * Opens a disk; that may take as long as the mode's patience. A claim that is refused is a disk in use. The claim
     * ends here when the disk cannot be opened, else with {@link #close}.
     */
    void open(Claim claim, OpenMode mode, Consumer<Opened> then) {
        claims.claim(claim, result -> conductor.accept(() -> {
            if (result.granted()) {
                openClaimed(claim, mode, then);
            } else {
                then.accept(new Opened(null, new DiskException(DiskException.Kind.IN_USE, result.refusal())));
            }
        }));
    }

    private void openClaimed(Claim claim, OpenMode mode, Consumer<Opened> then) {
        pool.execute(() -> {
            Disk[] disk = new Disk[1];
            DiskException failure = attempt(() -> disk[0] = disks.open(DiskSpec.parse(claim.target()), mode));
            conductor.accept(() -> {
                if (failure == null) {
                    claims.opened(claim);
                } else {
                    claims.released(claim);
                }
                then.accept(new Opened(disk[0], failure));
            });
        });
    }

    /**
     * Measures an open disk again.
     *
     * @param bytes to make it larger first, or 0
     */
    void measure(Disk disk, long bytes, BiConsumer<Measured, DiskException> then) {
        pool.execute(() -> {
            Measured[] measured = new Measured[1];
            DiskException failure = attempt(() -> measured[0] = bytes == 0 ? disk.remeasure() : disk.grow(bytes));
            conductor.accept(() -> then.accept(measured[0], failure));
        });
    }

    /** Closes a disk and ends its claim with it, or parks it: null, or what went wrong. */
    void close(Disk disk, Claim claim, boolean parked, Consumer<DiskException> then) {
        pool.execute(() -> {
            DiskException failure = attempt(disk::close);
            conductor.accept(() -> {
                if (parked) {
                    claims.parked(claim);
                } else {
                    claims.released(claim);
                }
                then.accept(failure);
            });
        });
    }

    private static DiskException attempt(Runnable work) {
        try {
            work.run();
            return null;
        } catch (DiskException e) {
            return e;
        } catch (RuntimeException e) {
            return new DiskException(DiskException.Kind.IO, e.toString(), e);
        }
    }

    @Override
    public void close() {
        pool.close();
    }
}
