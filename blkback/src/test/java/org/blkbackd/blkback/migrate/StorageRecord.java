// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.migrate;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What reaches one image, from all daemons, in the order of one clock, and whether it may. A daemon has the image from
 * the moment its engine has opened it, with the lock if there is one, to the moment before it closes it. Thread-safe.
 */
final class StorageRecord {

    private static final int REMEMBERED = 120;

    /** A call that changes the image, from when it has begun. */
    final class Change {
        private final Life by;
        private final String what;
        private final boolean openBefore;
        private final int opensByOthers;

        private Change(Life by, String what) {
            this.by = by;
            this.what = what;
            openBefore = writers.containsKey(by);
            opensByOthers = opens - opensBy(by);
        }

        /** It has ended. */
        void ended() {
            synchronized (StorageRecord.this) {
                note(by, what + " ends");
                if (!openBefore || !writers.containsKey(by)) {
                    broken(by + " does a " + what + " while it does not have the image open");
                }
                if (opens - opensBy(by) != opensByOthers) {
                    broken(by + " began a " + what + " before another opened the image and ended it after that");
                }
                if (writers.keySet().stream().anyMatch(life -> life != by)) {
                    broken(by + " does a " + what + " while " + writers.keySet() + " have the image open for writing");
                }
            }
        }
    }

    private final Map<Life, Integer> writers = new LinkedHashMap<>();
    private final Map<Life, Integer> opened = new LinkedHashMap<>();
    private final Deque<String> last = new ArrayDeque<>();
    private final List<String> broken = new ArrayList<>();
    private final Map<String, Integer> counts = new TreeMap<>();
    private long clock;
    private int opens;

    /** A daemon has it now. */
    synchronized void opened(Life by, boolean readOnly) {
        note(by, "opened");
        if (readOnly) {
            return;
        }
        if (!writers.isEmpty()) {
            broken(by + " opened the image for writing while " + writers.keySet() + " have it");
        }
        writers.merge(by, 1, Integer::sum);
        opened.merge(by, 1, Integer::sum);
        opens++;
    }

    /** A daemon will have let go of it in a moment. */
    synchronized void closing(Life by) {
        note(by, "closes");
        writers.computeIfPresent(by, (life, times) -> times == 1 ? null : times - 1);
    }

    /** The kernel closes everything that a dead daemon had. */
    synchronized void died(Life by) {
        if (writers.remove(by) != null) {
            note(by, "is closed after its death");
        }
    }

    /** A call that changes the image begins. */
    synchronized Change begins(Life by, String what) {
        note(by, what + " begins");
        return new Change(by, what);
    }

    /** Something else happened. */
    synchronized void note(Object by, String what) {
        counts.merge(what.replaceAll("[ @].*", ""), 1, Integer::sum);
        last.add(++clock + " " + by + " " + what);
        if (last.size() > REMEMBERED) {
            last.remove();
        }
    }

    private int opensBy(Life life) {
        return opened.getOrDefault(life, 0);
    }

    private void broken(String rule) {
        broken.add("at " + clock + " " + rule);
    }

    /** Who has it. */
    synchronized List<Life> writers() {
        return List.copyOf(writers.keySet());
    }

    /** How often a daemon of this host has opened it. */
    synchronized int opens(String host) {
        return opened.entrySet().stream().filter(entry -> entry.getKey().toString().startsWith(host))
            .mapToInt(Map.Entry::getValue).sum();
    }

    /** The rules that were broken. */
    synchronized List<String> broken() {
        return List.copyOf(broken);
    }

    /** What happened last, a line each. */
    synchronized String tail() {
        return String.join("\n", last);
    }

    /** How often each thing happened. */
    synchronized Map<String, Integer> counts() {
        return Map.copyOf(counts);
    }
}
