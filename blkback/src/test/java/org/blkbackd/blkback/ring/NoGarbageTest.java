// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.ring;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.abort;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import org.blkbackd.blkback.blkif.Blkif;
import org.blkbackd.blkback.blkif.BlkifAbi;
import org.blkbackd.blkback.blkif.DiskLimits;
import org.blkbackd.blkback.blkif.ErrorPolicy;
import org.blkbackd.ioengine.Disk;
import org.blkbackd.ioengine.DiskException;
import org.blkbackd.ioengine.DiskSpec;
import org.blkbackd.ioengine.IoLoop;
import org.blkbackd.ioengine.file.FileOptions;
import org.blkbackd.ioengine.file.FileProvider;
import org.blkbackd.ioengine.loop.PollLoop;
import org.blkbackd.ioengine.memory.MemoryProvider;
import org.blkbackd.ioengine.uring.UringLoop;
import org.blkbackd.ioengine.uring.UringUnavailableException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A worker allocates nothing from a request's slot to its response, so no collection ever pauses guests. */
class NoGarbageTest {

    private static final int MILLION = 1_000_000;
    private static final int TOGETHER = 20;
    private static final int SECTORS = 2048;
    /** A compilation or a resized buffer of the JVM's own may fall into it; a byte for ten requests may not. */
    private static final long MOST_BYTES = 50_000;

    @TempDir
    private Path dir;

    @Test
    void inMemory() {
        try (Disk disk = new MemoryProvider().open(DiskSpec.parse("memory:1M"), false)) {
            flows(disk, new PollLoop(), MILLION);
        }
    }

    /** The image is below target/: io_uring and O_DIRECT want a file system on storage. */
    @ParameterizedTest
    @CsvSource({"buffered, " + MILLION, "direct, " + MILLION / 10})
    void byIoUring(String engine, int requests) throws IOException {
        Path folder = Files.createDirectories(Path.of("target").toAbsolutePath());
        Path image = Files.createTempFile(folder, "garbage", ".img");
        try (FileProvider files = new FileProvider(FileOptions.DEFAULTS)) {
            Files.write(image, new byte[SECTORS * Blkif.SECTOR_SIZE]);
            try (Disk disk = files.open(new DiskSpec(engine, image.toString()), false)) {
                flows(disk, UringLoop.open(), requests);
            }
        } catch (UringUnavailableException e) {
            abort("needs io_uring: " + e.getMessage());
        } catch (DiskException e) {
            abort("needs O_DIRECT below target/; build on ext4 or XFS: " + e.getMessage());
        } finally {
            Files.delete(image);
        }
    }

    private void flows(Disk disk, IoLoop loop, int requests) {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        DiskLimits limits = new DiskLimits(SECTORS, Blkif.SECTOR_SIZE, false, false);
        try (RingRig rig = new RingRig(dir, disk, limits, ErrorPolicy.DEFAULT, BlkifAbi.NATIVE, 0, loop)) {
            flow(rig, requests / 10);
            long before = threads.getThreadAllocatedBytes(rig.workerThreadId());
            flow(rig, requests);
            long allocated = threads.getThreadAllocatedBytes(rig.workerThreadId()) - before;
            assertTrue(allocated < MOST_BYTES, allocated + " bytes for " + requests + " requests");
            rig.stop();
        }
    }

    private static void flow(RingRig rig, int requests) {
        for (int i = 0; i < requests; i += TOGETHER) {
            for (int j = 0; j < TOGETHER; j++) {
                rig.request(j % 2 == 0 ? Blkif.OP_WRITE : Blkif.OP_READ, j, (i + j * 7L) % (SECTORS / 8) * 8);
            }
            rig.push();
            for (int j = 0; j < TOGETHER; j++) {
                assertEquals(Blkif.RSP_OKAY, rig.response().status());
            }
        }
    }
}
