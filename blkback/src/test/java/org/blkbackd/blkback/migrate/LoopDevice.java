// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.migrate;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Assumptions;

/** A block device over a file, with a page cache of its own: as another host sees shared storage. */
final class LoopDevice implements AutoCloseable {

    private final String path;

    private LoopDevice(String path) {
        this.path = path;
    }

    /** Skips the test where there can be none. */
    static LoopDevice over(Path file) {
        String path = null;
        String trouble = "";
        try {
            path = run("losetup", "--find", "--show", file.toString());
        } catch (IOException e) {
            trouble = e.getMessage();
        }
        Assumptions.assumeTrue(path != null, "no loop device; run as root where losetup(8) works: " + trouble);
        return new LoopDevice(path);
    }

    String path() {
        return path;
    }

    private static String run(String... command) throws IOException {
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

    @Override
    public void close() throws IOException {
        run("losetup", "--detach", path);
    }
}
