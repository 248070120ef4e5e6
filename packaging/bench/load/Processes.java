// SPDX-License-Identifier: Apache-2.0

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** CPU time of a process: user and system, all its threads, those of the kernel that work for it included. */
final class Processes {

    /** Microseconds of a clock tick of /proc: USER_HZ is 100 on x86 and arm64. */
    private static final long TICK_US = 10_000;

    private final Path stat;

    Processes(long pid) {
        stat = Path.of("/proc", Long.toString(pid), "stat");
    }

    /** Fields 14 and 15 of /proc/PID/stat (proc(5)); the name before them may hold blanks. */
    long cpuUs() {
        try {
            String text = Files.readString(stat);
            String[] fields = text.substring(text.lastIndexOf(')') + 2).split(" ");
            return (Long.parseLong(fields[11]) + Long.parseLong(fields[12])) * TICK_US;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static long ownCpuUs() {
        return new Processes(ProcessHandle.current().pid()).cpuUs();
    }
}
