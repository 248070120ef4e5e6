// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.file;

import static org.junit.jupiter.api.Assumptions.abort;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

/** A loop device on a file; needs root and losetup(8). */
final class LoopDevice implements AutoCloseable {

    private final String path;
    private boolean partitioned;

    private LoopDevice(String path) {
        this.path = path;
    }

    /** Skips the test where there can be none. */
    static LoopDevice attach(Path image, int sectorSize, boolean readOnly) {
        try {
            String path = run("losetup", "--find", "--show", readOnly ? "--read-only" : "--direct-io=on",
                "--sector-size", Integer.toString(sectorSize), image.toString());
            return new LoopDevice(path);
        } catch (IOException e) {
            return abort("no loop device; run as root where losetup(8) works: " + e.getMessage());
        }
    }

    String path() {
        return path;
    }

    /** Takes over the size of its file. */
    void refreshSize() {
        runOrFail("losetup", "--set-capacity", path);
    }

    /** Writes are refused from now on, or again allowed. */
    void setReadOnly(boolean readOnly) {
        runOrFail("blockdev", readOnly ? "--setro" : "--setrw", path);
    }

    /** Makes a partition of it and returns that one's path; needs no partition table. */
    String addPartition(long firstSector, long sectors) {
        runOrFail("addpart", path, "1", Long.toString(firstSector), Long.toString(sectors));
        partitioned = true;
        return path + "p1";
    }

    @Override
    public void close() {
        if (partitioned) {
            runOrFail("delpart", path, "1");
        }
        runOrFail("losetup", "--detach", path);
    }

    private static void runOrFail(String... command) {
        try {
            run(command);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static String run(String... command) throws IOException {
        Process process = new ProcessBuilder(List.of(command)).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        try {
            if (process.waitFor() != 0) {
                throw new IOException(String.join(" ", command) + ": " + output);
            }
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
        return output;
    }
}
