// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import org.blkbackd.ioengine.Disk;
import org.blkbackd.ioengine.DiskException;
import org.blkbackd.ioengine.DiskException.Kind;
import org.blkbackd.ioengine.DiskSpec;
import org.blkbackd.ioengine.EngineDriver;
import org.blkbackd.ioengine.Errno;
import org.blkbackd.ioengine.Measured;
import org.blkbackd.ioengine.file.FaultyFileIo.Intervention;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Files that become larger or smaller while they are served, by us or by somebody else. */
class GrowthTest {

    private static final long SIZE = FileFixture.SIZE;
    /** Time to do what must not happen; on a slow machine this misses a fault, but never invents one. */
    private static final int GRACE_MS = 200;

    private final FileFixture files = FileFixture.with4096();

    @AfterEach
    void close() {
        files.close();
    }

    /** Sizes in bytes over SIZE: what it is first, and what it becomes. */
    @ParameterizedTest
    @CsvSource({"512,1024", "512,4096", "3584,4096", "512,12288", "1536,9728", "0,512", "0,4096", "0,7680", "700,1100",
        "100,4100", "1536,1048576"})
    void whatWasWrittenBeforeIsReadAfter(long first, long then) throws Exception {
        Path image = files.images.create(SIZE + first);
        long size = SIZE + first & -512;
        long larger = SIZE + then & -512;
        try (Disk disk = files.open("direct", image); EngineDriver driver = new EngineDriver(disk, 1)) {
            files.fill(8192, 5);
            assertEquals(0, driver.run(files.write(size - 8192, 8192)));
            TestImages.resize(image, SIZE + then);
            assertEquals(new Measured(disk.info().withSize(larger), larger), disk.remeasure());
            assertContent(driver, size - 8192, 8192, 5);
            assertContent(driver, size, (int) Math.min(8192, larger - size), 0);
            files.fill(1024, 6);
            assertEquals(0, driver.run(files.write(size - 512, 1024)));
            assertContent(driver, size - 512, 1024, 6);
            assertContent(driver, size - 8192, 8192 - 512, 5);
            assertEquals(0, driver.run(EngineDriver.flush()));
        }
        assertEquals(SIZE + then, Files.size(image));
    }

    @Test
    void aTailOfAnotherLengthKeepsItsDescriptorAndNoTailHasNone() throws Exception {
        Path image = files.images.create(SIZE + 512);
        try (Disk disk = files.open("direct", image); EngineDriver driver = new EngineDriver(disk, 1)) {
            assertEquals(2, syncsOfAFlush(driver));
            disk.grow(SIZE + 1024);
            assertEquals(2, syncsOfAFlush(driver));
            disk.grow(SIZE + 8192);
            assertEquals(1, syncsOfAFlush(driver));
            disk.grow(SIZE + 8704);
            assertEquals(2, syncsOfAFlush(driver));
            disk.grow(SIZE + 16384);
            assertEquals(1, syncsOfAFlush(driver));
        }
        assertEquals(files.io.count("open"), files.io.count("close"), "a descriptor is left");
    }

    /** Writers that know what they wrote, on engines of their own, while the file grows step by step. */
    @ParameterizedTest
    @ValueSource(strings = {"direct", "buffered"})
    void nothingIsLostWhileItGrowsUnderLoad(String scheme) throws Exception {
        long seed = new Random().nextLong();
        Path image = files.images.create(64 * 512);
        try (Disk disk = files.open(scheme, image)) {
            GrowingWriters writers = new GrowingWriters(disk, seed);
            writers.start();
            Random random = new Random(seed);
            long size = 64 * 512;
            for (int step = 0; step < 60; step++) {
                size += 512L * (1 + random.nextInt(12));
                if (random.nextBoolean()) {
                    disk.grow(size);
                } else {
                    TestImages.resize(image, size);
                    assertEquals(size, disk.remeasure().info().sizeBytes());
                }
            }
            writers.stopAndVerify();
        } catch (AssertionError e) {
            throw new AssertionError("seed " + seed, e);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"direct", "buffered"})
    void aFileThatShrankIsServedAsItWas(String scheme) {
        Path image = files.images.create(SIZE);
        try (Disk disk = files.open(scheme, image); EngineDriver driver = new EngineDriver(disk, 1)) {
            TestImages.resize(image, SIZE / 2);
            Measured measured = disk.remeasure();
            assertTrue(measured.shrunk());
            assertEquals(new Measured(disk.info(), SIZE / 2), measured);
            assertEquals(SIZE, disk.info().sizeBytes());
            assertEquals(-Errno.EIO, driver.run(files.read(SIZE - 4096, 4096)));
            assertEquals(0, driver.run(files.read(0, 4096)));
            assertFalse(disk.grow(SIZE).shrunk(), "growing repairs it");
            assertEquals(0, driver.run(files.read(SIZE - 4096, 4096)));
        }
    }

    @Test
    void neverCutsWhatSomebodyElseAdded() throws Exception {
        Path image = files.images.create(SIZE);
        try (Disk disk = files.open("buffered", image)) {
            TestImages.resize(image, 4 * SIZE + 700);
            assertLine(Kind.BAD_SIZE, image + ": has become " + (4 * SIZE + 512) + " bytes large and cannot shrink to "
                + 2 * SIZE + "; call again without a size to serve all of it", () -> disk.grow(2 * SIZE));
            assertEquals(4 * SIZE + 512, disk.grow(4 * SIZE + 512).storageBytes());
            assertEquals(4 * SIZE + 700, Files.size(image));
        }
    }

    @Test
    void growsDurably() {
        Path image = files.images.create(SIZE);
        try (Disk disk = files.open("buffered", image)) {
            files.io.calls().clear();
            disk.grow(2 * SIZE);
            assertEquals("truncate sync", String.join(" ", files.io.calls()).replaceAll(" \\d+", ""));
        }
    }

    @Test
    void saysWhyItDoesNotGrow() {
        Path image = files.images.create(SIZE);
        try (Disk disk = files.provider.open(new DiskSpec("buffered", image.toString()), true)) {
            assertLine(Kind.ACCESS, image + ": is open read-only; grow the file by other means (truncate -s), "
                + "then call again without a size", () -> disk.grow(2 * SIZE));
        }
        try (Disk disk = files.open("buffered", image)) {
            assertLine(Kind.BAD_SIZE, image + ": 1049000 bytes are no size of a disk; give a multiple of 512",
                () -> disk.grow(1049000));
            assertLine(Kind.BAD_SIZE, image + ": has 1048576 bytes and cannot shrink to 512; give a larger size",
                () -> disk.grow(512));
            files.io.intervene((call, fd, offset, bytes) ->
                call.equals("truncate") ? -Errno.EFBIG : Intervention.PASS);
            assertLine(Kind.IO, image + ": cannot be made 2097152 bytes large (EFBIG); make room for it or choose a "
                + "smaller size", () -> disk.grow(2 * SIZE));
            assertEquals(SIZE, disk.info().sizeBytes());
        }
    }

    @Test
    void waitsForAWriteOfTheTail() throws Exception {
        Path image = files.images.create(SIZE + 512);
        CountDownLatch writing = new CountDownLatch(1);
        CountDownLatch mayWrite = new CountDownLatch(1);
        try (Disk disk = files.open("direct", image); EngineDriver driver = new EngineDriver(disk, 1)) {
            files.io.intervene((call, fd, offset, bytes) -> {
                if (call.equals("write")) {
                    writing.countDown();
                    FlushTest.await(mayWrite);
                }
                return Intervention.PASS;
            });
            files.fill(512, 3);
            driver.start(files.write(SIZE, 512));
            FlushTest.await(writing);
            Future<Measured> growth = inBackground(() -> disk.grow(SIZE + 4096));
            assertThrows(TimeoutException.class, () -> growth.get(GRACE_MS, TimeUnit.MILLISECONDS));
            assertEquals(SIZE + 512, disk.info().sizeBytes());
            mayWrite.countDown();
            assertEquals(SIZE + 4096, growth.get(30, TimeUnit.SECONDS).info().sizeBytes());
            assertEquals(0, driver.await().result());
            assertContent(driver, SIZE, 512, 3);
        }
    }

    @Test
    void aRequestThatWaitedForTheGrowthFindsTheNewTail() throws Exception {
        Path image = files.images.create(SIZE + 512);
        CountDownLatch growing = new CountDownLatch(1);
        CountDownLatch mayGrow = new CountDownLatch(1);
        try (Disk disk = files.open("direct", image); EngineDriver driver = new EngineDriver(disk, 2)) {
            TestImages.resize(image, SIZE + 4096);
            files.io.intervene((call, fd, offset, bytes) -> {
                if (call.equals("sync")) {
                    growing.countDown();
                    FlushTest.await(mayGrow);
                }
                return Intervention.PASS;
            });
            files.io.calls().clear();
            Future<Measured> growth = inBackground(disk::remeasure);
            FlushTest.await(growing);
            driver.start(files.write(SIZE, 512));
            driver.start(files.read(SIZE, 512));
            Thread.sleep(GRACE_MS);
            assertEquals(1, files.io.calls().size(), "the tail is locked");
            mayGrow.countDown();
            growth.get(30, TimeUnit.SECONDS);
            driver.drain();
            List<String> calls = files.io.calls().stream().map(call -> call.split(" ")[0]).toList();
            assertEquals(List.of("sync", "sync", "drop", "close"), calls.subList(0, 4));
            String direct = files.io.calls().get(0).split(" ")[1];
            for (String call : files.io.calls().subList(4, calls.size())) {
                assertEquals(direct, call.split(" ")[1], call);
            }
        }
    }

    @Test
    void anImageWhoseTailCannotBeWrittenStaysAsItIs() {
        Path image = files.images.create(SIZE + 512);
        Disk disk = files.open("direct", image);
        try (EngineDriver driver = new EngineDriver(disk, 1)) {
            AtomicLong failures = new AtomicLong(1);
            files.io.intervene((call, fd, offset, bytes) ->
                call.equals("sync") && failures.getAndDecrement() > 0 ? -Errno.EIO : Intervention.PASS);
            TestImages.resize(image, SIZE + 4096);
            assertLine(Kind.IO, image + ": has grown, but the new part cannot be served (EIO); check the storage, "
                + "then try again", disk::remeasure);
            assertEquals(SIZE + 512, disk.info().sizeBytes());
            assertEquals(-Errno.EIO, driver.run(EngineDriver.flush()), "it is a failed flush like any other");
            assertEquals(0, driver.run(files.write(SIZE, 512)), "its locks are free");
        }
        assertThrows(DiskException.class, disk::close);
    }

    @Test
    void aTailThatCannotBeOpenedChangesNothing() {
        Path image = files.images.create(SIZE);
        try (Disk disk = files.open("direct", image); EngineDriver driver = new EngineDriver(disk, 1)) {
            files.io.intervene((call, fd, offset, bytes) -> call.equals("open") ? -Errno.ENOMEM : Intervention.PASS);
            TestImages.resize(image, SIZE + 512);
            assertEquals(Kind.IO, assertThrows(DiskException.class, disk::remeasure).kind());
            assertEquals(SIZE, disk.info().sizeBytes());
            files.io.intervene((call, fd, offset, bytes) -> Intervention.PASS);
            assertEquals(SIZE + 512, disk.remeasure().info().sizeBytes());
            assertEquals(0, driver.run(files.write(SIZE - 512, 1024)));
        }
    }

    private static Future<Measured> inBackground(Callable<Measured> work) {
        FutureTask<Measured> task = new FutureTask<>(work);
        new Thread(task).start();
        return task;
    }

    private long syncsOfAFlush(EngineDriver driver) {
        long before = files.io.count("sync");
        assertEquals(0, driver.run(EngineDriver.flush()));
        return files.io.count("sync") - before;
    }

    private void assertContent(EngineDriver driver, long offset, int bytes, int value) {
        files.fill(bytes, 99);
        assertEquals(0, driver.run(files.read(offset, bytes)));
        ByteBuffer read = files.memory.buffer(0, bytes);
        for (int i = 0; i < bytes; i++) {
            assertEquals(value, read.get(i), "byte " + (offset + i));
        }
    }

    private static void assertLine(Kind kind, String line, Runnable refused) {
        DiskException e = assertThrows(DiskException.class, refused::run);
        assertEquals(line, e.getMessage());
        assertEquals(kind, e.kind());
    }
}
