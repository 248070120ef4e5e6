// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.file;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.blkbackd.ioengine.Disk;
import org.blkbackd.ioengine.EngineDriver;
import org.blkbackd.ioengine.IoMemory;
import org.blkbackd.ioengine.IoRequest.Operation;

/** Writers of interleaved sectors of a disk that grows: each reads back what it last wrote, again and again. */
final class GrowingWriters {

    private static final int WRITERS = 3;
    private static final int SECTOR = 512;
    /** Most writes go there: where tails come and go. */
    private static final int LAST_SECTORS = 24;

    private final Disk disk;
    private final long seed;
    private final ExecutorService threads = Executors.newFixedThreadPool(WRITERS);
    private final List<Future<?>> results = new ArrayList<>();
    private volatile boolean stopping;

    GrowingWriters(Disk disk, long seed) {
        this.disk = disk;
        this.seed = seed;
    }

    void start() {
        for (int i = 0; i < WRITERS; i++) {
            int writer = i;
            results.add(threads.submit(() -> work(writer)));
        }
    }

    void stopAndVerify() throws InterruptedException {
        stopping = true;
        try {
            for (Future<?> result : results) {
                result.get();
            }
        } catch (ExecutionException e) {
            throw new AssertionError(e.getCause());
        } finally {
            threads.shutdown();
        }
    }

    private void work(int writer) {
        Random random = new Random(seed + writer);
        Map<Long, Long> written = new HashMap<>();
        try (IoMemory memory = IoMemory.allocate(SECTOR); EngineDriver driver = new EngineDriver(disk, 1)) {
            for (long generation = 1; !stopping; generation++) {
                long sectors = disk.info().sectors();
                long from = random.nextInt(4) == 0 ? 0 : Math.max(0, sectors - LAST_SECTORS);
                long sector = from + random.nextInt((int) (sectors - from));
                sector -= Math.floorMod(sector - writer, (long) WRITERS);
                if (sector >= 0) {
                    check(driver, memory, sector, written.getOrDefault(sector, 0L));
                    write(driver, memory, sector, generation);
                    written.put(sector, generation);
                }
            }
            written.forEach((sector, generation) -> check(driver, memory, sector, generation));
        }
    }

    private static void write(EngineDriver driver, IoMemory memory, long sector, long generation) {
        for (int i = 0; i < SECTOR; i += 8) {
            memory.buffer(i, 8).putLong(0, sector << 32 | generation);
        }
        assertEquals(0, driver.run(EngineDriver.request(Operation.WRITE, sector * SECTOR, memory.address(), SECTOR)));
    }

    private static void check(EngineDriver driver, IoMemory memory, long sector, long generation) {
        assertEquals(0, driver.run(EngineDriver.request(Operation.READ, sector * SECTOR, memory.address(), SECTOR)));
        long expected = generation == 0 ? 0 : sector << 32 | generation;
        for (int i = 0; i < SECTOR; i += 8) {
            assertEquals(expected, memory.buffer(i, 8).getLong(0), "sector " + sector + " byte " + i);
        }
    }
}
