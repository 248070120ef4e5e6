// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.blkbackd.ioengine.IoRequest.Operation;

/**
 * Threads with engines of their own, among whom the last sectors of a disk are shared out in runs of any length, so
 * that most blocks have several owners. Each reads, writes and discards parts of its runs, in requests of any shape,
 * and flushes. Whatever an owner has not changed itself must not change.
 */
final class SectorOwners {

    private static final int SECTOR = 512;
    private static final int SECTORS = 200;
    private static final int LONGEST_RUN = 24;
    private static final int LANES = 4;
    private static final int LANE_BYTES = (2 * LONGEST_RUN + 2) * SECTOR;
    /** Of a sector that was discarded. */
    private static final int UNKNOWN = -1;

    private record Run(int first, int sectors, int owner) {
    }

    private final Disk disk;
    private final int owners;
    private final long seed;
    private final long base;
    private final List<Run> runs = new ArrayList<>();
    /** What each sector was written with last; an element is its owner's. */
    private final int[] generations = new int[SECTORS];

    SectorOwners(Disk disk, int owners, long seed) {
        this.disk = disk;
        this.owners = owners;
        this.seed = seed;
        base = disk.info().sizeBytes() - SECTORS * SECTOR;
        Arrays.fill(generations, UNKNOWN);
        Random random = new Random(seed);
        for (int at = 0; at < SECTORS;) {
            int sectors = Math.min(SECTORS - at, 1 + random.nextInt(random.nextBoolean() ? 5 : LONGEST_RUN));
            runs.add(new Run(at, sectors, random.nextInt(owners)));
            at += sectors;
        }
    }

    void run(int rounds) {
        ExecutorService threads = Executors.newFixedThreadPool(owners);
        try {
            List<Future<?>> results = new ArrayList<>();
            for (int i = 0; i < owners; i++) {
                Owner owner = new Owner(i);
                results.add(threads.submit(() -> owner.work(rounds)));
            }
            for (Future<?> result : results) {
                result.get();
            }
        } catch (ExecutionException e) {
            throw new AssertionError(e.getCause());
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        } finally {
            threads.shutdown();
        }
    }

    private final class Owner {

        private final int number;
        private final Random random;
        private final List<Run> mine;

        Owner(int number) {
            this.number = number;
            random = new Random(seed * 31 + number);
            mine = new ArrayList<>(runs.stream().filter(run -> run.owner == number).toList());
        }

        void work(int rounds) {
            try (IoMemory memory = IoMemory.allocate(LANES * LANE_BYTES);
                 EngineDriver driver = new EngineDriver(disk, LANES)) {
                for (int round = 1; round <= rounds; round++) {
                    Collections.shuffle(mine, random);
                    List<IoRequest> batch = new ArrayList<>();
                    for (int lane = 0; lane < Math.min(mine.size(), LANES); lane++) {
                        IoRequest request = request(mine.get(lane), memory.address() + lane * LANE_BYTES);
                        fill(request, memory, round);
                        batch.add(request);
                        assertTrue(driver.engine().submit(request));
                    }
                    driver.engine().kick();
                    while (driver.engine().inFlight() > 0) {
                        assertEquals(0, driver.await().result());
                    }
                    for (IoRequest done : batch) {
                        settle(done, memory, round);
                    }
                }
                verifyAll(driver, memory);
            }
        }

        private IoRequest request(Run run, long address) {
            int from = random.nextInt(run.sectors);
            int sectors = 1 + random.nextInt(run.sectors - from);
            long offset = base + (long) (run.first + from) * SECTOR;
            IoRequest request = new IoRequest(LONGEST_RUN);
            int kind = random.nextInt(20);
            if (kind == 0) {
                request.prepare(Operation.FLUSH, 0);
            } else if (kind < 4 && disk.info().discard()) {
                request.prepareDiscard(offset, (long) sectors * SECTOR);
            } else {
                request.prepare(kind < 9 ? Operation.READ : Operation.WRITE, offset);
                addPieces(request, sectors, address);
            }
            return request;
        }

        private void addPieces(IoRequest request, int sectors, long address) {
            long at = address + (random.nextInt(4) == 0 ? random.nextInt(SECTOR) : 0);
            for (int left = sectors; left > 0;) {
                int piece = 1 + random.nextInt(left);
                request.add(at, piece * SECTOR);
                at += (piece + random.nextInt(2)) * SECTOR;
                left -= piece;
            }
        }

        private void fill(IoRequest request, IoMemory memory, int round) {
            boolean write = request.operation() == Operation.WRITE;
            forEachSector(request, memory, (sector, at) -> {
                for (int i = 0; i < SECTOR; i += 8) {
                    memory.buffer(at + i, 8).putLong(0, write ? content(sector, round) : UNKNOWN);
                }
            });
        }

        private void settle(IoRequest done, IoMemory memory, int round) {
            if (done.operation() == Operation.DISCARD) {
                int first = (int) ((done.offsetBytes() - base) / SECTOR);
                Arrays.fill(generations, first, first + (int) (done.lengthBytes() / SECTOR), UNKNOWN);
            }
            forEachSector(done, memory, (sector, at) -> {
                if (done.operation() == Operation.WRITE) {
                    generations[sector] = round;
                } else if (generations[sector] != UNKNOWN) {
                    for (int i = 0; i < SECTOR; i += 8) {
                        assertEquals(Long.toHexString(content(sector, generations[sector])),
                            Long.toHexString(memory.buffer(at + i, 8).getLong(0)), "sector " + sector + " byte " + i);
                    }
                }
            });
        }

        private void verifyAll(EngineDriver driver, IoMemory memory) {
            for (Run run : mine) {
                IoRequest read = EngineDriver.request(Operation.READ, base + (long) run.first * SECTOR,
                    memory.address(), run.sectors * SECTOR);
                assertEquals(0, driver.run(read));
                settle(read, memory, 0);
            }
        }

        private long content(int sector, int round) {
            return (long) sector << 40 | (long) number << 32 | round;
        }

        private void forEachSector(IoRequest request, IoMemory memory, SectorAction action) {
            int sector = (int) ((request.offsetBytes() - base) / SECTOR);
            for (int piece = 0; piece < request.pieces(); piece++) {
                for (int at = 0; at < request.length(piece); at += SECTOR) {
                    action.on(sector++, request.address(piece) - memory.address() + at);
                }
            }
        }
    }

    private interface SectorAction {
        /** @param at of the sector's content in memory */
        void on(int sector, long at);
    }
}
