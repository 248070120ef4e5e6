// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import org.blkbackd.ioengine.Disk;
import org.blkbackd.ioengine.DiskSpec;
import org.blkbackd.ioengine.EngineDriver;
import org.blkbackd.ioengine.Errno;
import org.blkbackd.ioengine.IoEngine;
import org.blkbackd.ioengine.IoLoop;
import org.blkbackd.ioengine.IoRequest;
import org.blkbackd.ioengine.loop.PollLoop;
import org.blkbackd.ioengine.uring.UringLoops;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What goes by io_uring, and what becomes of the rest. Calls of I/O threads are seen; those of io_uring are not. */
class UringEngineTest {

    private static final int BLOCK = 4096;

    private final FileFixture files = FileFixture.plain();
    private final Path image = files.images.create(FileFixture.SIZE);

    @AfterEach
    void close() {
        files.close();
    }

    @Test
    void readsAndWritesByItselfWhatNeedsNoThread() {
        try (Disk disk = UringLoops.of(files.open("direct", image)); EngineDriver driver = new EngineDriver(disk, 4)) {
            files.io.calls().clear();
            assertEquals(0, driver.run(files.write(0, BLOCK)));
            assertEquals(0, driver.run(files.read(0, 2 * BLOCK)));
            assertEquals(0, files.io.calls().size(), files.io.calls().toString());
            assertEquals(0, driver.run(EngineDriver.flush()));
            assertEquals(1, files.io.count("sync"));
        }
    }

    /** Data in prepared memory, beside it and across its end. */
    @Test
    void movesTheSameWhetherTheMemoryWasPreparedOrNot() {
        int prepared = 4 * BLOCK;
        try (Disk disk = files.open("direct", image); IoLoop loop = UringLoops.open()) {
            loop.prepareBuffers(files.memory.address(), prepared);
            try (IoEngine engine = disk.newEngine(1, loop)) {
                for (int at : new int[] {0, prepared - BLOCK, prepared - 2 * BLOCK, prepared - 512, prepared}) {
                    files.fill(8 * BLOCK, 1 + at / 512);
                    run(engine, loop, IoRequest.Operation.WRITE, at);
                    files.fill(8 * BLOCK, 0);
                    run(engine, loop, IoRequest.Operation.READ, at);
                    for (int i = 0; i < 8 * BLOCK; i++) {
                        boolean moved = i >= at && i < at + 2 * BLOCK;
                        assertEquals(moved ? (byte) (1 + at / 512) : 0, files.memory.buffer(i, 1).get(0));
                    }
                }
            }
        }
    }

    private void run(IoEngine engine, IoLoop loop, IoRequest.Operation operation, int at) {
        assertTrue(engine.submit(EngineDriver.request(operation, BLOCK, files.memory.address() + at, 2 * BLOCK)));
        engine.kick();
        reap(engine, loop, 1, 0);
    }

    @Test
    void leavesPartsOfBlocksToTheThreads() {
        try (FileFixture large = FileFixture.with4096();
             Disk disk = UringLoops.of(large.open("direct", large.images.create(FileFixture.SIZE)));
             EngineDriver driver = new EngineDriver(disk, 4)) {
            large.io.calls().clear();
            assertEquals(0, driver.run(large.write(0, BLOCK)));
            assertEquals(0, large.io.calls().size());
            assertEquals(0, driver.run(large.write(BLOCK, 512)));
            assertEquals(1, large.io.count("write"));
        }
    }

    /** Whole blocks of which a part is being changed at the same time. */
    @Test
    void aWriteThatMustWaitWaitsInAThread() {
        try (FileFixture large = FileFixture.with4096();
             Disk disk = UringLoops.of(large.open("direct", large.images.create(FileFixture.SIZE)));
             EngineDriver driver = new EngineDriver(disk, 64)) {
            for (int round = 0; round < 50; round++) {
                IoRequest whole = large.write(0, BLOCK);
                assertTrue(driver.engine().submit(large.write(512, 512)));
                driver.engine().kick();
                assertTrue(driver.engine().submit(whole));
                driver.engine().kick();
                driver.drain();
            }
        }
    }

    @Test
    void aDiskOnWhichNothingGoesByItselfKeepsItsThreads() {
        Path shared = Path.of("/dev/shm");
        assumeTrue(Files.isWritable(shared), "no tmpfs at /dev/shm");
        Path onTmpfs = shared.resolve("blkbackd-test-" + ProcessHandle.current().pid());
        TestImages.resize(onTmpfs, FileFixture.SIZE);
        try (Disk disk = files.provider.open(new DiskSpec("buffered", onTmpfs.toString()), false);
             IoLoop loop = UringLoops.open(); IoEngine engine = disk.newEngine(1, loop)) {
            assertInstanceOf(FileEngine.class, engine);
        } finally {
            assertTrue(onTmpfs.toFile().delete());
        }
    }

    @Test
    void anOwnerWithoutIoUringGetsThreads() {
        try (Disk disk = files.open("buffered", image); IoLoop loop = new PollLoop();
             IoEngine engine = disk.newEngine(1, loop)) {
            assertInstanceOf(FileEngine.class, engine);
        }
    }

    /** The kernel reads what there is; the rest is looked for, and is not there. */
    @Test
    void aTruncatedImageIsAnErrorAndNoData() {
        try (Disk disk = UringLoops.of(files.open("buffered", image));
             EngineDriver driver = new EngineDriver(disk, 4)) {
            TestImages.resize(image, FileFixture.SIZE - BLOCK);
            assertEquals(-Errno.EIO, driver.run(files.read(FileFixture.SIZE - 2 * BLOCK, 2 * BLOCK)));
            assertEquals(-Errno.EIO, driver.run(files.read(FileFixture.SIZE - BLOCK, BLOCK)));
            assertEquals(0, driver.run(files.read(FileFixture.SIZE - 2 * BLOCK, BLOCK)));
            TestImages.resize(image, FileFixture.SIZE);
        }
    }

    @Test
    void doesOnceMoreWhatFellShortOrWasRefusedForTheMoment() {
        assertFalse(UringEngine.isUnfinished(BLOCK, BLOCK));
        assertFalse(UringEngine.isUnfinished(-Errno.EIO, BLOCK));
        assertFalse(UringEngine.isUnfinished(-Errno.ENOSPC, BLOCK));
        for (int result : new int[] {0, 512, BLOCK - 1, -Errno.EAGAIN, -Errno.EINTR, -Errno.ECANCELED}) {
            assertTrue(UringEngine.isUnfinished(result, BLOCK), "result " + result);
        }
    }

    /** As blkfront cuts what is in sequence: each piece has its own status, the transfer is one. */
    @Test
    void whatContinuesGoesAsOneTransfer() {
        int count = 8;
        try (Disk disk = UringLoops.of(files.open("buffered", image)); IoLoop loop = UringLoops.open();
             IoEngine engine = disk.newEngine(count + 1, loop)) {
            readOnce(engine, loop);
            long enters = loop.counters().enters();
            for (int i = 0; i < count; i++) {
                files.memory.buffer(i * BLOCK, 1).put(0, (byte) (i + 1));
                assertTrue(engine.submit(block(IoRequest.Operation.WRITE, i * BLOCK, i)));
            }
            engine.kick();
            assertEquals(1, loop.counters().enters() - enters, "two would have started eight transfers");
            reap(engine, loop, count, 0);
            files.fill(count * BLOCK, 0);
            for (int i = count - 1; i >= 0; i--) {
                assertTrue(engine.submit(block(IoRequest.Operation.READ, i * BLOCK, i)));
            }
            engine.kick();
            reap(engine, loop, count, 0);
            for (int i = 0; i < count; i++) {
                assertEquals((byte) (i + 1), files.memory.buffer(i * BLOCK, 1).get(0), "block " + i);
            }
        }
    }

    @Test
    void ofATransferThatFallsShortEachRequestHasItsOwnStatus() {
        try (Disk disk = UringLoops.of(files.open("buffered", image)); IoLoop loop = UringLoops.open();
             IoEngine engine = disk.newEngine(4, loop)) {
            TestImages.resize(image, FileFixture.SIZE - 2 * BLOCK);
            for (int i = 0; i < 4; i++) {
                assertTrue(engine.submit(block(IoRequest.Operation.READ, FileFixture.SIZE - (4 - i) * BLOCK, i)));
            }
            engine.kick();
            int failed = 0;
            for (int i = 0; i < 4; i++) {
                IoRequest done = next(engine, loop);
                boolean there = done.offsetBytes() < FileFixture.SIZE - 2 * BLOCK;
                assertEquals(there ? 0 : -Errno.EIO, done.result(), "at " + done.offsetBytes());
                failed += there ? 0 : 1;
            }
            assertEquals(2, failed);
            TestImages.resize(image, FileFixture.SIZE);
        }
    }

    private IoRequest block(IoRequest.Operation operation, long offset, int block) {
        return EngineDriver.request(operation, offset, files.memory.address() + block * BLOCK, BLOCK);
    }

    private static void reap(IoEngine engine, IoLoop loop, int count, long result) {
        for (int i = 0; i < count; i++) {
            assertEquals(result, next(engine, loop).result());
        }
    }

    private static IoRequest next(IoEngine engine, IoLoop loop) {
        IoRequest done = engine.reap();
        while (done == null) {
            loop.announceSleep();
            loop.sleep(IoLoop.FOR_EVER);
            done = engine.reap();
        }
        return done;
    }

    @Test
    void cachedReadsNeedNoSleep() {
        try (Disk disk = UringLoops.of(files.open("buffered", image)); IoLoop loop = UringLoops.open();
             IoEngine engine = disk.newEngine(4, loop)) {
            readOnce(engine, loop);
            long sleeps = loop.counters().sleeps();
            for (int i = 0; i < 100; i++) {
                assertTrue(engine.submit(files.read(0, BLOCK)));
                engine.kick();
                assertNotNull(engine.reap());
            }
            assertEquals(sleeps, loop.counters().sleeps());
        }
    }

    @Test
    void allocatesNothingOverAMillionRequests() {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        IoRequest[] requests = new IoRequest[8];
        for (int i = 0; i < requests.length; i++) {
            requests[i] = new IoRequest(2);
        }
        try (Disk disk = UringLoops.of(files.open("buffered", image)); IoLoop loop = UringLoops.open();
             IoEngine engine = disk.newEngine(requests.length, loop)) {
            work(engine, loop, requests, 50_000);
            long before = threads.getThreadAllocatedBytes(Thread.currentThread().getId());
            work(engine, loop, requests, 1_000_000);
            long spent = threads.getThreadAllocatedBytes(Thread.currentThread().getId()) - before;
            assertTrue(spent < 16 * 1024, spent + " bytes");
        }
    }

    private void work(IoEngine engine, IoLoop loop, IoRequest[] requests, int count) {
        for (int i = 0; i < count; i += requests.length) {
            for (int lane = 0; lane < requests.length; lane++) {
                IoRequest request = requests[lane];
                request.prepare(IoRequest.Operation.READ, (long) lane * 2 * BLOCK);
                request.add(files.memory.address() + lane * 4L * BLOCK, BLOCK);
                request.add(files.memory.address() + lane * 4L * BLOCK + 2 * BLOCK, lane % 2 == 0 ? 0 : BLOCK);
                engine.submit(request);
            }
            engine.kick();
            for (int left = requests.length; left > 0;) {
                IoRequest done = engine.reap();
                if (done == null) {
                    loop.announceSleep();
                    loop.sleep(IoLoop.FOR_EVER);
                } else if (done.result() != 0) {
                    throw new AssertionError("result " + done.result());
                } else {
                    left--;
                }
            }
        }
    }

    private void readOnce(IoEngine engine, IoLoop loop) {
        work(engine, loop, new IoRequest[] {new IoRequest(2)}, 8);
    }
}
