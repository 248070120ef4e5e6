// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.handover;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** The process at the other end. Its number is never taken for that of a later process. */
interface PeerProcess {

    /** It runs no more, and holds nothing. */
    boolean isGone();

    /** Ends it at once. */
    void kill();

    /** Finds the process of a pid. */
    @FunctionalInterface
    interface Finder {
        PeerProcess find(long pid);
    }

    /** The process that has {@code pid} now. */
    static PeerProcess of(long pid) {
        return new Real(pid, ProcessHandle.of(pid), startTimeOf(pid));
    }

    /**
     * By /proc, because a process that was not waited for yet is dead to us and alive to ProcessHandle.
     *
     * @param handle    that kills by pid and start time; empty when it was gone from the beginning
     * @param startTime in clock ticks since boot, or empty
     */
    record Real(long pid, Optional<ProcessHandle> handle, String startTime) implements PeerProcess {

        @Override
        public boolean isGone() {
            return startTime.isEmpty() || !startTimeOf(pid).equals(startTime);
        }

        @Override
        public void kill() {
            if (pid != ProcessHandle.current().pid()) {
                handle.ifPresent(ProcessHandle::destroyForcibly);
            }
        }
    }

    /** Field 22 of /proc/PID/stat (proc(5)); empty when there is no such process, or only its remains. */
    private static String startTimeOf(long pid) {
        try {
            String stat = Files.readString(Path.of("/proc", Long.toString(pid), "stat"));
            // Field 2 is a name in parentheses, which may hold anything.
            String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
            boolean dead = fields[0].equals("Z") || fields[0].equals("X");
            return dead ? "" : fields[19];
        } catch (IOException | IndexOutOfBoundsException e) {
            return "";
        }
    }
}
