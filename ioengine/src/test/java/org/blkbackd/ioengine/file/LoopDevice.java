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

    @Override
    public void close() {
        try {
            run("losetup", "--detach", path);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String run(String... command) throws IOException {
        Process process = new ProcessBuilder(List.of(command)).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        try {
            if (process.waitFor() != 0) {
                throw new IOException(output);
            }
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
        return output;
    }
}
