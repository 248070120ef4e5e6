// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.uring;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.blkbackd.ioengine.Disk;
import org.blkbackd.ioengine.DiskSpec;
import org.blkbackd.ioengine.IoEngine;
import org.blkbackd.ioengine.IoLoop;
import org.blkbackd.ioengine.IoMemory;
import org.blkbackd.ioengine.IoRequest;
import org.blkbackd.ioengine.IoRequest.Operation;
import org.blkbackd.ioengine.file.FileOptions;
import org.blkbackd.ioengine.file.FileProvider;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** One owner with more requests than its rings hold. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ManyEnginesTest {

    private static final int ENGINES = 20;
    private static final int DEPTH = 33;
    private static final int BLOCK = 4096;
    private static final int PIECES = 16;

    /**
     * Rings of 4 and 256 against 660 requests: most of them must go another way, and each comes back once. Then the
     * rings that a worker has. All that on this kernel, and as on older ones ({@link Uring#FLAGS}).
     */
    @ParameterizedTest
    @CsvSource({"4, 256, 0", "4, 256, 1", "4, 256, 2", "256, 16384, 0", "256, 16384, 1", "256, 16384, 2"})
    void losesNoCompletionHoweverManyThereAre(int sqEntries, int cqEntries, int flags) throws Exception {
        run(sqEntries, cqEntries, flags, 20);
    }

    private void run(int sqEntries, int cqEntries, int flags, int rounds) throws Exception {
        Files.createDirectories(Path.of("target"));
        Path image = Files.createTempFile(Path.of("target").toAbsolutePath(), "many-", ".img");
        long seed = new Random().nextLong();
        try (FileProvider provider = new FileProvider(FileOptions.DEFAULTS.withIoThreads(4));
            RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw");
            IoMemory memory = IoMemory.allocate((long) ENGINES * DEPTH * BLOCK)) {
            file.setLength((long) ENGINES * DEPTH * BLOCK);
            try (Disk disk = UringLoops.of(provider.open(new DiskSpec("buffered", image.toString()), false));
                IoLoop loop = UringLoops.open(sqEntries, cqEntries, flags)) {
                new Owner(disk, loop, memory, new Random(seed)).work(rounds);
            }
        } catch (AssertionError e) {
            throw new AssertionError("seed " + seed, e);
        } finally {
            Files.delete(image);
        }
    }

    /** Each request has a block of the disk and of the memory; even rounds write, odd ones read back. */
    private static final class Owner {

        private final IoLoop loop;
        private final IoMemory memory;
        private final Random random;
        private final List<IoEngine> engines = new ArrayList<>();
        private final IoRequest[] requests = new IoRequest[ENGINES * DEPTH];

        Owner(Disk disk, IoLoop loop, IoMemory memory, Random random) {
            this.loop = loop;
            this.memory = memory;
            this.random = random;
            for (int i = 0; i < ENGINES; i++) {
                engines.add(disk.newEngine(DEPTH, loop));
            }
            for (int i = 0; i < requests.length; i++) {
                requests[i] = new IoRequest(PIECES);
            }
        }

        void work(int rounds) {
            for (int round = 0; round < rounds; round++) {
                boolean write = round % 2 == 0;
                for (int i = 0; i < requests.length; i++) {
                    prepare(i, write, round / 2);
                    assertTrue(engines.get(i % ENGINES).submit(requests[i]));
                }
                engines.forEach(IoEngine::kick);
                collect();
                for (int i = 0; i < requests.length && !write; i++) {
                    assertEquals(stamp(i, round / 2), memory.buffer((long) i * BLOCK, 8).getLong(0), "block " + i);
                }
            }
            engines.forEach(IoEngine::close);
        }

        /** In one piece, or in many with gaps between, so that the kernel needs a list of them. */
        private void prepare(int number, boolean write, int generation) {
            long at = (long) number * BLOCK;
            IoRequest request = requests[number];
            request.prepare(write ? Operation.WRITE : Operation.READ, at);
            boolean scattered = random.nextBoolean();
            int piece = scattered ? BLOCK / PIECES / 2 : BLOCK;
            for (int i = 0; i < (scattered ? PIECES : 1); i++) {
                request.add(memory.address() + at + 2L * i * piece, piece);
            }
            memory.buffer(at, 8).putLong(0, write ? stamp(number, generation) : -1);
        }

        private void collect() {
            int left = requests.length;
            while (left > 0) {
                loop.announceSleep();
                int reaped = reap();
                if (reaped == 0) {
                    loop.sleep(IoLoop.FOR_EVER);
                } else {
                    loop.stayAwake();
                }
                left -= reaped;
            }
        }

        private int reap() {
            int reaped = 0;
            for (IoEngine engine : engines) {
                for (IoRequest done = engine.reap(); done != null; done = engine.reap()) {
                    assertEquals(0, done.result());
                    reaped++;
                }
            }
            return reaped;
        }

        private static long stamp(int number, int generation) {
            return (long) number << Integer.SIZE | generation;
        }
    }
}
