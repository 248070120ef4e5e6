// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import org.blkbackd.ioengine.IoRequest.Operation;

/**
 * Writers on engines of their own, in threads of their own, that own interleaved sectors of the same few blocks. A
 * lost write shows as an old generation.
 */
final class NeighbourWriters {

    private static final int SECTOR = 512;
    private static final int SECTORS = 64;

    private final Disk disk;
    private final int writers;
    private final long seed;

    NeighbourWriters(Disk disk, int writers, long seed) {
        this.disk = disk;
        this.writers = writers;
        this.seed = seed;
    }

    void run(int rounds) {
        ExecutorService threads = Executors.newFixedThreadPool(writers);
        try (IoMemory memory = IoMemory.allocate((long) writers * SECTORS * SECTOR)) {
            Future<?>[] results = new Future<?>[writers];
            for (int i = 0; i < writers; i++) {
                int writer = i;
                results[i] = threads.submit(() -> write(writer, rounds, memory));
            }
            for (Future<?> result : results) {
                result.get();
            }
            verify(rounds, memory);
        } catch (ExecutionException e) {
            throw new AssertionError(e.getCause());
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        } finally {
            threads.shutdown();
        }
    }

    /** Sectors s with s % writers == writer: every block of 4096 holds sectors of every writer. */
    private void write(int writer, int rounds, IoMemory memory) {
        Random random = new Random(seed + writer);
        try (EngineDriver driver = new EngineDriver(disk, SECTORS)) {
            for (int round = 1; round <= rounds; round++) {
                for (int sector = writer; sector < SECTORS; sector += writers) {
                    int at = (writer * SECTORS + sector) * SECTOR;
                    fill(memory.buffer(at, SECTOR), sector, round);
                    assertTrue(driver.engine().submit(EngineDriver.request(Operation.WRITE, (long) sector * SECTOR,
                        memory.address() + at, SECTOR)));
                    if (random.nextInt(4) == 0) {
                        driver.engine().kick();
                    }
                }
                driver.engine().kick();
                while (driver.engine().inFlight() > 0) {
                    assertEquals(0, driver.await().result());
                }
            }
        }
    }

    private void verify(int rounds, IoMemory memory) {
        try (EngineDriver driver = new EngineDriver(disk, 1)) {
            int bytes = SECTORS * SECTOR;
            assertEquals(0, driver.run(EngineDriver.request(Operation.READ, 0, memory.address(), bytes)));
            for (int sector = 0; sector < SECTORS; sector++) {
                ByteBuffer buffer = memory.buffer((long) sector * SECTOR, SECTOR);
                for (int i = 0; i < SECTOR; i += 8) {
                    assertEquals((long) sector << 32 | rounds, buffer.getLong(i), "sector " + sector);
                }
            }
        }
    }

    private static void fill(ByteBuffer buffer, int sector, int round) {
        for (int i = 0; i < SECTOR; i += 8) {
            buffer.putLong(i, (long) sector << 32 | round);
        }
    }
}
