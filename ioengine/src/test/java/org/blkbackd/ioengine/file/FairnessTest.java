// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.blkbackd.ioengine.Disk;
import org.blkbackd.ioengine.EngineDriver;
import org.blkbackd.ioengine.file.FaultyFileIo.Intervention;
import org.junit.jupiter.api.Test;

/** Disks whose storage does not answer, beside one whose storage does. */
class FairnessTest {

    private static final int THREADS = 8;

    private final FileFixture files = new FileFixture(FileOptions.DEFAULTS.withIoThreads(THREADS));
    private final CountDownLatch storageAnswers = new CountDownLatch(1);
    private final AtomicInteger hanging = new AtomicInteger();
    private final Set<Integer> dead = ConcurrentHashMap.newKeySet();

    @Test
    void disksWhoseStorageHangsDoNotStopAnother() {
        // the first takes half of the threads, each of the others one of the reserve, and one thread is left
        int deadDisks = THREADS / 2;
        List<Disk> disks = new ArrayList<>();
        List<EngineDriver> drivers = new ArrayList<>();
        files.io.intervene((call, fd, offset, bytes) -> {
            if (call.equals("read") && dead.contains(fd)) {
                hanging.incrementAndGet();
                FlushTest.await(storageAnswers);
            }
            return Intervention.PASS;
        });
        for (int i = 0; i < deadDisks; i++) {
            Disk disk = openDead(disks);
            EngineDriver driver = new EngineDriver(disk, 32);
            drivers.add(driver);
            for (int n = 0; n < 32; n++) {
                assertTrue(driver.engine().submit(files.read(n * 4096L, 512)));
            }
            driver.engine().kick();
            int expected = THREADS / 2 + i;
            awaitHanging(expected);
        }
        try (Disk living = files.open("buffered", files.images.create(FileFixture.SIZE));
             EngineDriver driver = new EngineDriver(living, 32)) {
            for (int n = 0; n < 100; n++) {
                assertEquals(0, driver.run(files.write(n * 512L, 512)));
            }
            assertEquals(0, driver.run(EngineDriver.flush()));
        }
        assertEquals(THREADS - 1, hanging.get(), "threads in dead storage");
        storageAnswers.countDown();
        drivers.forEach(EngineDriver::close);
        disks.forEach(Disk::close);
        assertEquals(deadDisks * 32, hanging.get());
        files.close();
    }

    @Test
    void everyEngineOfADiskGetsItsTurn() {
        try (Disk disk = files.open("buffered", files.images.create(FileFixture.SIZE));
             EngineDriver greedy = new EngineDriver(disk, 1000); EngineDriver modest = new EngineDriver(disk, 1)) {
            AtomicInteger reads = new AtomicInteger();
            AtomicInteger before = new AtomicInteger(-1);
            files.io.intervene((call, fd, offset, bytes) -> {
                if (offset == 4096) {
                    before.set(reads.get());
                }
                reads.incrementAndGet();
                FlushTest.await(storageAnswers);
                return Intervention.PASS;
            });
            for (int i = 0; i < 1000; i++) {
                assertTrue(greedy.engine().submit(files.read(0, 512)));
            }
            greedy.engine().kick();
            modest.start(files.read(4096, 512));
            storageAnswers.countDown();
            modest.await();
            greedy.drain();
            assertTrue(before.get() >= 0 && before.get() < 100, before.get() + " reads went first");
        }
        files.close();
    }

    private Disk openDead(List<Disk> disks) {
        int from = files.io.calls().size();
        Disk disk = files.open("buffered", files.images.create(FileFixture.SIZE));
        disks.add(disk);
        // opening probes by punching a hole beyond the end: that call names the descriptor
        String punch = files.io.calls().subList(from, files.io.calls().size()).stream()
            .filter(call -> call.startsWith("punch ")).findFirst().orElseThrow();
        dead.add(Integer.valueOf(punch.split(" ")[1]));
        return disk;
    }

    private void awaitHanging(int expected) {
        long deadline = System.nanoTime() + 30_000_000_000L;
        while (hanging.get() < expected && System.nanoTime() < deadline) {
            Thread.onSpinWait();
        }
        assertEquals(expected, hanging.get());
    }
}
