// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.blkbackd.ioengine.Disk;
import org.blkbackd.ioengine.EngineDriver;
import org.blkbackd.ioengine.IoEngine;
import org.blkbackd.ioengine.IoRequest;
import org.blkbackd.ioengine.SleepingLoop;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What is particular to an engine whose requests run in other threads. */
class FileEngineTest {

    private final FileFixture files = FileFixture.plain();
    private final Disk disk = files.open("buffered", files.images.create(FileFixture.SIZE));

    @AfterEach
    void close() {
        disk.close();
        files.close();
    }

    @Test
    void startsNothingBeforeTheKick() {
        try (EngineDriver driver = new EngineDriver(disk, 4)) {
            files.io.calls().clear();
            assertTrue(driver.engine().submit(files.read(0, 512)));
            assertTrue(driver.engine().submit(files.write(4096, 512)));
            assertEquals(0, files.io.calls().size());
            driver.engine().kick();
            driver.drain();
            assertEquals(2, files.io.calls().size());
        }
    }

    /** What the wake-up writes to may be gone after close(). */
    @Test
    void closeWaitsForAWakeUpThatHasNotReturned() throws Exception {
        CountDownLatch waking = new CountDownLatch(1);
        CountDownLatch mayReturn = new CountDownLatch(1);
        CountDownLatch closed = new CountDownLatch(1);
        IoEngine engine = disk.newEngine(1, new SleepingLoop(() -> {
            waking.countDown();
            FlushTest.await(mayReturn);
        }));
        assertTrue(engine.submit(files.read(0, 512)));
        engine.kick();
        assertTrue(waking.await(30, TimeUnit.SECONDS));
        assertEquals(0, engine.reap().result(), "visible before the wake-up");
        Thread closer = new Thread(() -> {
            engine.close();
            closed.countDown();
        });
        closer.start();
        assertFalse(closed.await(100, TimeUnit.MILLISECONDS));
        mayReturn.countDown();
        assertTrue(closed.await(30, TimeUnit.SECONDS));
        closer.join();
    }

    @Test
    void aWakeUpThatThrowsCostsNoThread() throws Exception {
        int threads = 4;
        for (int i = 0; i < 3 * threads; i++) {
            CountDownLatch reported = new CountDownLatch(1);
            IoEngine engine = disk.newEngine(1, new SleepingLoop(() -> {
                Thread.currentThread().setUncaughtExceptionHandler((thread, e) -> reported.countDown());
                throw new IllegalStateException("a bug");
            }));
            IoRequest request = files.read(0, 512);
            assertTrue(engine.submit(request));
            engine.kick();
            assertTrue(reported.await(30, TimeUnit.SECONDS), "round " + i);
            assertEquals(request, engine.reap());
            engine.close();
        }
    }

    @Test
    void usesDaemonThreadsWithNamesAndEndsThem() {
        try (FileFixture others = FileFixture.plain();
             Disk other = others.open("buffered", others.images.create(FileFixture.SIZE));
             EngineDriver driver = new EngineDriver(other, 1)) {
            Thread[] seen = new Thread[1];
            others.io.intervene((call, fd, offset, bytes) -> {
                seen[0] = call.equals("read") ? Thread.currentThread() : seen[0];
                return FaultyFileIo.Intervention.PASS;
            });
            assertEquals(0, driver.run(others.read(0, 512)));
            assertEquals("blkbackd-io-0", seen[0].getName());
            assertTrue(seen[0].isDaemon());
            others.provider.close();
            assertFalse(seen[0].isAlive());
        }
    }

    @Test
    void interruptingAnIoThreadLosesNothing() {
        try (EngineDriver driver = new EngineDriver(disk, 1)) {
            files.io.intervene((call, fd, offset, bytes) -> {
                Thread.currentThread().interrupt();
                return FaultyFileIo.Intervention.PASS;
            });
            for (int i = 0; i < 20; i++) {
                assertEquals(0, driver.run(files.write(0, 512)));
            }
        }
    }
}
