// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.file;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.abort;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/**
 * An ext4 of its own in an image, mounted through a loop device. It can be frozen. A direct write to a device on one of
 * its files then waits in the kernel, and no signal ends the wait. Needs root, mkfs.ext4(8), mount(8), fsfreeze(8).
 */
final class OwnFileSystem implements AutoCloseable {

    private static final long BYTES = 16 << 20;

    private final Path directory;
    private LoopDevice device;
    private boolean frozen;

    private OwnFileSystem(Path directory) {
        this.directory = directory;
    }

    /** Skips the test where there can be none. */
    static OwnFileSystem mount(TestImages images) {
        Path image = images.create(BYTES);
        Path directory = images.directory().resolve("mount");
        try {
            Files.createDirectory(directory);
            LoopDevice.run("mkfs.ext4", "-q", "-F", "-m", "0", "-O", "^has_journal", image.toString());
            LoopDevice.run("mount", "-o", "loop", image.toString(), directory.toString());
        } catch (IOException e) {
            return abort("no file system to mount; run as root where mkfs.ext4(8) and mount(8) work: "
                + e.getMessage());
        }
        return new OwnFileSystem(directory);
    }

    Path path() {
        return directory;
    }

    /** A block device on a new file; its path. */
    String newDevice(long bytes) {
        Path file = directory.resolve("a.img");
        TestImages.resize(file, bytes);
        device = LoopDevice.attach(file, 512, false);
        return device.path();
    }

    void freeze() {
        run("fsfreeze", "--freeze", directory.toString());
        frozen = true;
    }

    void thaw() {
        frozen = false;
        run("fsfreeze", "--unfreeze", directory.toString());
    }

    /** Returns when a thread of a process waits where signals do not reach it. */
    void awaitBlockedWrite(long pid) throws IOException, InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (!isBlocked(pid)) {
            assertTrue(System.nanoTime() < deadline, "no thread waits for the file system");
            Thread.sleep(10);
        }
    }

    private static boolean isBlocked(long pid) throws IOException {
        try (var threads = Files.newDirectoryStream(Path.of("/proc/" + pid + "/task"))) {
            for (Path thread : threads) {
                String stat = Files.readString(thread.resolve("stat"));
                if (stat.contains("(blkbackd-io") && stat.contains(") D ")) {
                    return true;
                }
            }
        }
        return false;
    }

    /** The same of a write that no thread waits for: the device has it. */
    void awaitWriteInFlight() throws IOException, InterruptedException {
        Path counts = Path.of("/sys/block").resolve(Path.of(device.path()).getFileName()).resolve("inflight");
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        // reads, writes
        while (Files.readString(counts).strip().endsWith(" 0")) {
            assertTrue(System.nanoTime() < deadline, "the device has nothing to write");
            Thread.sleep(10);
        }
    }

    @Override
    public void close() {
        if (frozen) {
            thaw();
        }
        if (device != null) {
            device.close();
        }
        run("umount", directory.toString());
    }

    private static void run(String... command) {
        try {
            LoopDevice.run(command);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
