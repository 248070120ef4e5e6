// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import org.blkbackd.ioengine.Disk;
import org.blkbackd.ioengine.EngineDriver;
import org.blkbackd.ioengine.Errno;
import org.blkbackd.ioengine.IoMemory;
import org.blkbackd.ioengine.IoRequest;
import org.blkbackd.ioengine.file.FaultyFileIo.Intervention;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a discard does to a file, and how it lets others through. */
class DiscardTest {

    private static final long PIECE = Discarder.FILE_PIECE_BYTES;
    private static final int PIECES = 40;

    private FileFixture files = FileFixture.plain();

    @AfterEach
    void close() {
        files.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"buffered", "direct", "direct of 4096"})
    void wholeUnitsReadAsZerosAndNothingElseChanges(String how) {
        useFixture(how.equals("direct of 4096") ? FileFixture.with4096() : FileFixture.plain());
        int size = 1 << 18 | 1536;
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        byte[] expected = new byte[size];
        byte[] found = new byte[size];
        try (Disk disk = files.open(how.split(" ")[0], files.images.create(size));
             EngineDriver driver = new EngineDriver(disk, 1)) {
            assumeDiscards(disk);
            int unit = disk.info().discardGranularity();
            for (int i = 0; i < 200; i++) {
                random.nextBytes(expected);
                files.memory.buffer(0, size).put(expected);
                assertEquals(0, driver.run(files.write(0, size)));
                int from = random.nextInt(size / 512) * 512;
                int left = (size - from) / 512;
                int to = random.nextInt(4) == 0 ? size : from + random.nextInt(left + 1) * 512;
                assertEquals(0, driver.run(discard(from, to - from)));
                int first = Math.min(size, (from + unit - 1) / unit * unit);
                Arrays.fill(expected, first, Math.max(first, to == size ? to : to / unit * unit), (byte) 0);
                assertEquals(0, driver.run(files.read(0, size)));
                files.memory.buffer(0, size).get(found);
                assertEquals(-1, Arrays.mismatch(expected, found), "seed " + seed + ": " + from + " to " + to);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"buffered", "direct"})
    void givesTheSpaceBack(String scheme) {
        Path image = files.images.create(FileFixture.SIZE);
        try (Disk disk = files.open(scheme, image); EngineDriver driver = new EngineDriver(disk, 1)) {
            assumeDiscards(disk);
            files.fill(1 << 20, 1);
            assertEquals(0, driver.run(files.write(0, 1 << 20)));
            assertEquals(0, driver.run(EngineDriver.flush()));
            long before = allocatedBytes(image);
            assertTrue(before >= 1 << 20, before + " bytes allocated");
            assertEquals(0, driver.run(discard(0, 1 << 20)));
            assertTrue(allocatedBytes(image) <= 64 * 1024, allocatedBytes(image) + " bytes left");
        }
    }

    @Test
    void aHugeOneIsDoneInPieces() {
        try (Disk disk = open(PIECES * PIECE + 512); EngineDriver driver = new EngineDriver(disk, 1)) {
            files.io.calls().clear();
            assertEquals(0, driver.run(discard(512, PIECES * PIECE)));
            long at = disk.info().discardGranularity();
            for (String call : punches()) {
                long[] range = Arrays.stream(call.split(" ")[2].split("\\+")).mapToLong(Long::parseLong).toArray();
                assertEquals(at, range[0]);
                assertTrue(range[1] > 0 && range[1] <= PIECE, call);
                at += range[1];
            }
            assertEquals(PIECES * PIECE + 512, at);
        }
    }

    /** Of two threads one is the reserve, so this disk has a single one. */
    @Test
    void othersAreServedBetweenThePiecesEvenByASingleThread() {
        useFixture(new FileFixture(FileOptions.DEFAULTS.withIoThreads(2)));
        try (Disk disk = open(PIECES * PIECE); EngineDriver driver = new EngineDriver(disk, 20);
             EngineDriver other = new EngineDriver(disk, 1)) {
            CountDownLatch queued = new CountDownLatch(1);
            AtomicInteger punches = new AtomicInteger();
            AtomicInteger before = new AtomicInteger();
            files.io.intervene((call, fd, offset, bytes) -> {
                if (call.equals("punch")) {
                    punches.incrementAndGet();
                    FlushTest.await(queued);
                } else if (call.equals("sync")) {
                    before.set(punches.get());
                }
                return Intervention.PASS;
            });
            driver.start(discard(0, PIECES * PIECE));
            for (int i = 0; i < 8; i++) {
                driver.start(files.read(i * 4096L, 4096));
            }
            other.start(EngineDriver.flush());
            queued.countDown();
            assertEquals(0, other.await().result());
            assertTrue(before.get() <= 1, "the flush waited for " + before + " pieces");
            for (int i = 0; i < 8; i++) {
                assertEquals(IoRequest.Operation.READ, driver.await().operation());
            }
            assertEquals(0, driver.await().result());
            assertEquals(PIECES, punches.get());
        }
    }

    /** Each read waits for the next one to be queued, so there is always one that could go first. */
    @Test
    void readsWithoutEndDoNotStarveIt() {
        useFixture(new FileFixture(FileOptions.DEFAULTS.withIoThreads(2)));
        Semaphore mayRead = new Semaphore(0);
        try (Disk disk = open(PIECES * PIECE); EngineDriver driver = new EngineDriver(disk, 20)) {
            files.io.intervene((call, fd, offset, bytes) -> {
                if (call.equals("read")) {
                    mayRead.acquireUninterruptibly();
                }
                return Intervention.PASS;
            });
            for (int i = 0; i < 16; i++) {
                driver.start(files.read(i * 4096L, 4096));
            }
            IoRequest discard = discard(0, PIECES * PIECE);
            driver.start(discard);
            mayRead.release();
            try {
                int reads = 0;
                for (IoRequest done = driver.await(); done != discard; done = driver.await()) {
                    assertTrue(reads++ < 20 * PIECES, "the discard does not end");
                    done.prepare(IoRequest.Operation.READ, 0);
                    done.add(files.memory.address(), 512);
                    driver.start(done);
                    mayRead.release();
                }
                assertEquals(0, discard.result());
            } finally {
                mayRead.release(100);
            }
        }
    }

    @Test
    void manyOfThemTakeOneThread() {
        try (Disk disk = open(PIECES * PIECE); EngineDriver one = new EngineDriver(disk, 8);
             EngineDriver other = new EngineDriver(disk, 8)) {
            CountDownLatch mayEnd = new CountDownLatch(1);
            AtomicInteger inside = new AtomicInteger();
            AtomicInteger most = new AtomicInteger();
            files.io.intervene((call, fd, offset, bytes) -> {
                if (call.equals("punch")) {
                    most.accumulateAndGet(inside.incrementAndGet(), Math::max);
                    FlushTest.await(mayEnd);
                    inside.decrementAndGet();
                }
                return Intervention.PASS;
            });
            for (int i = 0; i < 6; i++) {
                one.start(discard(i * 3 * PIECE, 3 * PIECE));
                other.start(discard(i * 3 * PIECE, 3 * PIECE));
            }
            try (EngineDriver reader = new EngineDriver(disk, 1)) {
                for (int i = 0; i < 20; i++) {
                    assertEquals(0, reader.run(files.read(i * 4096L, 4096)));
                }
            }
            assertNull(one.engine().reap());
            mayEnd.countDown();
            while (one.engine().inFlight() + other.engine().inFlight() > 0) {
                assertEquals(0, (one.engine().inFlight() > 0 ? one : other).await().result());
            }
            assertEquals(1, most.get(), "at a time");
        }
    }

    @Test
    void theFirstErrorEndsItAndInterruptedCallsAreRepeated() {
        try (Disk disk = open(PIECES * PIECE); EngineDriver driver = new EngineDriver(disk, 1)) {
            AtomicInteger punches = new AtomicInteger();
            files.io.intervene((call, fd, offset, bytes) -> {
                int n = punches.incrementAndGet();
                return n == 2 ? -Errno.EINTR : n == 5 ? -Errno.EIO : Intervention.PASS;
            });
            IoRequest discard = discard(0, PIECES * PIECE);
            assertEquals(-Errno.EIO, driver.run(discard));
            assertEquals(5, punches.get());
            discard.prepareDiscard(0, PIECES * PIECE);
            assertEquals(0, driver.run(discard), "a request that is prepared again begins at its start");
            assertEquals(5 + PIECES, punches.get());
        }
    }

    @Test
    void anOwnerThatClosesNeedNotWaitForAllPieces() {
        try (Disk disk = open(PIECES * PIECE); EngineDriver driver = new EngineDriver(disk, 8);
             EngineDriver other = new EngineDriver(disk, 1)) {
            CountDownLatch abandoned = new CountDownLatch(1);
            CountDownLatch begun = new CountDownLatch(1);
            files.io.calls().clear();
            files.io.intervene((call, fd, offset, bytes) -> {
                if (call.equals("punch")) {
                    begun.countDown();
                    FlushTest.await(abandoned);
                }
                return Intervention.PASS;
            });
            for (int i = 0; i < 8; i++) {
                driver.start(discard(0, PIECES * PIECE));
            }
            FlushTest.await(begun);
            driver.engine().abandonDiscards();
            abandoned.countDown();
            for (int i = 0; i < 8; i++) {
                assertEquals(-Errno.ECANCELED, driver.await().result());
            }
            assertEquals(1, punches().size());
            assertEquals(0, driver.run(files.write(0, 4096)), "only discards end");
            assertEquals(0, other.run(discard(0, PIECES * PIECE)), "and only this engine's");
        }
    }

    @Test
    void isNotOfferedWhereItDoesNotWork() {
        files.io.intervene((call, fd, offset, bytes) ->
            call.equals("punch") ? -Errno.EOPNOTSUPP : Intervention.PASS);
        Path image = files.images.create(FileFixture.SIZE);
        try (Disk disk = files.open("buffered", image); EngineDriver driver = new EngineDriver(disk, 1)) {
            assertFalse(disk.info().discard());
            assertEquals(0, disk.info().discardGranularity());
            assertEquals(-Errno.EOPNOTSUPP, driver.run(discard(0, 4096)));
            assertEquals(1, files.io.count("punch"), "the probe alone");
        }
    }

    @Test
    void filesAreNotErasedSecurely() {
        try (Disk disk = files.open("buffered", files.images.create(FileFixture.SIZE));
             EngineDriver driver = new EngineDriver(disk, 1)) {
            assertFalse(disk.info().secureDiscard());
            files.io.calls().clear();
            IoRequest secure = new IoRequest(1);
            secure.prepareDiscard(0, 4096, true);
            assertEquals(-Errno.EOPNOTSUPP, driver.run(secure));
            assertEquals(0, files.io.calls().size());
        }
    }

    private Disk open(long bytes) {
        Disk disk = files.open("buffered", files.images.create(bytes));
        assumeDiscards(disk);
        return disk;
    }

    private void useFixture(FileFixture other) {
        files.close();
        files = other;
    }

    private static void assumeDiscards(Disk disk) {
        if (!disk.info().discard()) {
            disk.close();
        }
        assumeTrue(disk.info().discard(), "no holes can be punched below target/; build on ext4 or XFS to run this");
    }

    private List<String> punches() {
        return files.io.calls().stream().filter(call -> call.startsWith("punch ")).toList();
    }

    private static IoRequest discard(long from, long bytes) {
        IoRequest discard = new IoRequest(1);
        discard.prepareDiscard(from, bytes);
        return discard;
    }

    /** stx_blocks of statx(2), at 48. */
    private static long allocatedBytes(Path file) {
        try (IoMemory memory = IoMemory.allocate(Linux.STATX_BYTES)) {
            assertEquals(0, new SystemFileIo().stat(file.toString(), memory.address()));
            ByteBuffer statx = memory.buffer(0, Linux.STATX_BYTES);
            return statx.getLong(48) * 512;
        }
    }
}
