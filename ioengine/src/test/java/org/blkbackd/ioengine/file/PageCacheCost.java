// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.file;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import org.blkbackd.ioengine.DiskSpec;
import org.blkbackd.ioengine.Errno;
import org.blkbackd.ioengine.file.FaultyFileIo.Intervention;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What dropping and checking the page cache costs. Measures and asserts nothing of time; the build does not run it. */
class PageCacheCost {

    private static final int MIB = 1 << 20;
    private static final long GIB = 1 << 30;
    private static final int ROUNDS = 2;

    private final FileFixture files = FileFixture.plain();

    @AfterEach
    void close() {
        files.close();
    }

    @Test
    void sparseFileOfOneTebibyte() {
        Path image = files.images.create(1024 * GIB);
        measure("a sparse file of 1 TiB", image);
        withoutCachestat();
        measure("the same by mincore", image);
        try (LoopDevice device = LoopDevice.attach(image, 512, false)) {
            measureOnce("a device of 1 TiB by mincore", Path.of(device.path()));
        }
    }

    @Test
    void eightGibibytesOfWhichOneIsCached() throws IOException {
        Path image = files.images.create(8 * GIB);
        try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
            for (int i = 0; i < GIB / MIB; i++) {
                file.write(new byte[MIB]);
            }
            file.getFD().sync();
        }
        for (int round = 0; round < ROUNDS; round++) {
            cache(image);
            measureOnce("8 GiB, 1 GiB of it cached", image);
        }
        withoutCachestat();
        for (int round = 0; round < ROUNDS; round++) {
            cache(image);
            measureOnce("the same by mincore", image);
        }
    }

    private static void cache(Path image) throws IOException {
        try (InputStream in = Files.newInputStream(image)) {
            for (int i = 0; i < GIB / MIB; i++) {
                in.readNBytes(MIB);
            }
        }
    }

    private void withoutCachestat() {
        files.io.intervene((call, fd, offset, bytes) ->
            call.equals("cachestat") ? -Errno.ENOSYS : Intervention.PASS);
    }

    private void measure(String what, Path image) {
        for (int round = 0; round < ROUNDS; round++) {
            measureOnce(what, image);
        }
    }

    private void measureOnce(String what, Path image) {
        files.io.pretendFileSystem(0x6969);
        int fd = files.io.open(image.toString(), Linux.O_RDWR);
        try (ImageProbe probe = new ImageProbe(files.io)) {
            FileStatus status = probe.status(fd);
            long size = probe.sizeBytes(fd, status);
            PageCache cache = new PageCache(files.io, new DiskSpec("buffered", image.toString()), fd, status);
            long before = cache.residentBytes(0, size);
            long[] start = now();
            cache.drop();
            long[] dropped = now();
            cache.requireDropped(0, size, false);
            long[] checked = now();
            System.out.printf(Locale.ROOT, "%s: %d MiB cached, dropped in %s, checked in %s%n", what, before / MIB,
                between(start, dropped), between(dropped, checked));
            assertEquals(0, cache.residentBytes(0, size));
        } finally {
            files.io.close(fd);
        }
    }

    private static long[] now() {
        return new long[] {System.nanoTime(), ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime()};
    }

    private static String between(long[] from, long[] to) {
        return String.format(Locale.ROOT, "%.2f ms (CPU %.2f)", (to[0] - from[0]) / 1e6, (to[1] - from[1]) / 1e6);
    }
}
