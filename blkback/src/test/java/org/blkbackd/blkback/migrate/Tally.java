// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.migrate;

import java.util.Map;
import java.util.TreeMap;

/** What many runs have come by, so that it can be seen that they do. Thread-safe. */
final class Tally {

    private final Map<String, Integer> endings = new TreeMap<>();
    private final Map<String, Integer> calls = new TreeMap<>();
    private int runs;
    private long answers;
    private long askedAgain;

    synchronized void add(Ending ending, Kill kill) {
        endings.merge(ending.toString(), 1, Integer::sum);
        if (kill != Kill.NONE) {
            endings.merge("killed " + kill, 1, Integer::sum);
        }
    }

    /** Something came by. */
    synchronized void count(String what) {
        endings.merge(what, 1, Integer::sum);
    }

    /** A run has ended well. */
    synchronized void add(GuestTraffic traffic, StorageRecord record) {
        runs++;
        answers += traffic.answers();
        askedAgain += traffic.askedAgain();
        record.counts().forEach((what, count) -> calls.merge(what, count, Integer::sum));
    }

    synchronized int runs() {
        return runs;
    }

    @Override
    public synchronized String toString() {
        return runs + " runs, " + answers + " answers, " + askedAgain + " requests asked again elsewhere\n  " + endings
            + "\n  on the images: " + calls;
    }
}
