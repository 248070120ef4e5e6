// SPDX-License-Identifier: Apache-2.0

import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The table of workloads: those that show the aims, a few for a smoke run, and every combination. */
final class Workloads {

    /** With what each is to reach; see {@link Aim}. */
    private static final String[][] USUAL = {
        {"direct-randread-4k-d1", "ratio>=0.9 p99<=1.3"},
        {"direct-randread-4k-d32", "ratio>=0.9 cpu<=1.2 us<=5"},
        {"direct-randread-4k-d128", "ratio>=0.9 cpu<=1.2"},
        {"direct-randwrite-4k-d1", "ratio>=0.9 p99<=1.3"},
        {"direct-randwrite-4k-d32", "ratio>=0.9 cpu<=1.2 us<=5"},
        {"direct-randwrite-4k-d128", "ratio>=0.9 cpu<=1.2"},
        {"direct-randread-4k-d32-x4", ""},
        {"direct-randread-4k-d32-q2", ""},
        {"direct-seqread-128k-d16", "ratio>=0.95"},
        {"direct-seqread-128k-d16-s11", ""},
        {"direct-seqread-1m-d16", "ratio>=0.95"},
        {"direct-seqwrite-128k-d16", "ratio>=0.95"},
        {"direct-seqwrite-1m-d16", "ratio>=0.95"},
        {"buffered-randread-4k-d1", "iops>=35000"},
        {"buffered-randread-4k-d32", "iops>=250000"},
        {"buffered-randread-4k-d32-x4", "iops>=350000"},
        {"buffered-randwrite-4k-d32", ""},
        {"buffered-seqread-128k-d16", "ratio>=0.95"},
        {"buffered-seqwrite-128k-d16", ""},
        {"null-randread-4k-d1", ""},
        {"null-randread-4k-d32", ""},
        {"null-randread-4k-d128", "iops>=500000"},
        {"null-randwrite-4k-d128", ""},
        {"null-randread-4k-d128-q2", ""},
        {"null-randread-4k-d1-x100", ""},
        {"null-seqread-128k-d32", ""},
        {"null-seqread-128k-d32-s11", ""},
        {"memory-randread-4k-d32", ""},
        {"memory-randwrite-4k-d32", ""},
        {"memory-seqread-1m-d32", ""},
    };
    private static final List<String> QUICK = List.of("direct-randread-4k-d1", "direct-randread-4k-d32",
        "direct-seqwrite-128k-d16", "buffered-randread-4k-d32", "buffered-randread-4k-d8-x4-q2",
        "null-randread-4k-d128", "memory-seqread-128k-d8-s11");

    private Workloads() {
    }

    /**
     * Those that the arguments name. A pattern (* and ?) chooses among the usual ones, or among all; a name need not be
     * among them.
     */
    static List<Workload> choose(boolean quick, boolean all, List<String> patterns) {
        List<Workload> from = quick ? named(QUICK) : all ? every() : usual();
        if (patterns.isEmpty()) {
            return from;
        }
        List<Workload> chosen = new ArrayList<>();
        for (String pattern : patterns) {
            if (pattern.matches("[^*?]*")) {
                chosen.add(Workload.parse(pattern));
                continue;
            }
            int before = chosen.size();
            var glob = FileSystems.getDefault().getPathMatcher("glob:" + pattern);
            from.stream().filter(one -> glob.matches(Path.of(one.name()))).forEach(chosen::add);
            if (chosen.size() == before) {
                throw new IllegalArgumentException(pattern + " fits no workload; --list shows them");
            }
        }
        return chosen;
    }

    static String aims(Workload workload) {
        for (String[] row : USUAL) {
            if (row[0].equals(workload.name())) {
                return row[1];
            }
        }
        return "";
    }

    private static List<Workload> usual() {
        List<String> names = new ArrayList<>();
        for (String[] row : USUAL) {
            names.add(row[0]);
        }
        return named(names);
    }

    private static List<Workload> named(List<String> names) {
        return names.stream().map(Workload::parse).toList();
    }

    private static List<Workload> every() {
        List<Workload> all = new ArrayList<>();
        for (String engine : List.of("null", "memory", "buffered", "direct")) {
            for (int block : new int[] {4, 128, 1024}) {
                for (int depth : new int[] {1, 32, 128}) {
                    for (int disks : new int[] {1, 4, 100}) {
                        shapes(all, Map.entry(engine, block), depth, disks);
                    }
                }
            }
        }
        return all;
    }

    private static void shapes(List<Workload> all, Map.Entry<String, Integer> disk, int depth, int disks) {
        for (int shape = 0; shape < 16; shape++) {
            Workload one = new Workload(disk.getKey(), (shape & 1) == 0, (shape & 2) != 0, disk.getValue(), depth,
                disks, (shape & 4) == 0 ? 1 : 2, (shape & 8) == 0);
            // Blocks that fit a request are the same with and without indirect ones.
            if (one.fits() && (one.indirect() || one.parts() > 1)) {
                all.add(one);
            }
        }
    }
}
