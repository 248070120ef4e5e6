// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.power;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.blkbackd.ioengine.sim.DiskLog;
import org.blkbackd.ioengine.sim.DiskReplay;

/** Plays power failures after every flush that a guest was told is done, and looks for what it lost. */
final class PowerFailures {

    /** Failures after each flush: one where nothing is left but what must be, the others drawn from the seed. */
    private static final int EACH = 6;
    private static final int MOST_REPORTED = 5;

    private final DiskLog log;
    private final long seed;
    private final Random random;
    private int played;

    PowerFailures(DiskLog log, long seed) {
        this.log = log;
        this.seed = seed;
        random = new Random(seed);
    }

    int played() {
        return played;
    }

    /** One line for each promise that was broken, up to a handful. */
    List<String> broken(List<Promise> promises) {
        List<String> broken = new ArrayList<>();
        for (int i = 0; i < promises.size() && broken.size() < MOST_REPORTED; i++) {
            Promise promise = promises.get(i);
            // it holds at any later point, too, until a later one promises more
            int next = i + 1 < promises.size() ? promises.get(i + 1).point() : log.now();
            compare(promise, log.least(promise.point()), "nothing else left", broken);
            for (int n = 1; n < EACH; n++) {
                int point = promise.point() + random.nextInt(Math.max(1, next - promise.point() + 1));
                long drawn = random.nextLong();
                compare(promise, log.powerFailure(point, drawn), "point " + point + ", drawn " + drawn, broken);
            }
        }
        return broken;
    }

    private void compare(Promise promise, DiskReplay after, String how, List<String> broken) {
        played++;
        for (int sector = 0; sector < promise.generation().length; sector++) {
            int found = Stamp.generation(after.sector(sector), seed, sector);
            if (found < promise.generation()[sector]) {
                broken.add("seed " + seed + ": after a flush at point " + promise.point() + " sector " + sector
                    + " must have generation " + promise.generation()[sector] + " and has " + found + "; " + how);
                return;
            }
        }
    }
}
