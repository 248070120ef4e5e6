// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.sim;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.blkbackd.ioengine.Disk;
import org.blkbackd.ioengine.EngineDriver;
import org.blkbackd.ioengine.Errno;
import org.blkbackd.ioengine.IoMemory;
import org.blkbackd.ioengine.IoRequest;
import org.blkbackd.ioengine.IoRequest.Operation;
import org.blkbackd.ioengine.memory.MemoryDisk;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class RecordingDiskTest {

    private static final int SEEDS = 200;

    private final IoMemory memory = IoMemory.allocate(1 << 20);
    private final FaultyDisk below = FaultyDisk.wrap(new MemoryDisk(1 << 20, false));
    private final RecordingDisk disk = RecordingDisk.wrap(below);
    private final DiskLog log = disk.log();
    private final EngineDriver driver = new EngineDriver(disk, 8);

    @AfterEach
    void close() {
        below.faults().release();
        driver.close();
        disk.close();
        memory.close();
    }

    @Test
    void whatWasFlushedIsThereAfterEveryPowerFailure() {
        write('a', 0, 2);
        assertEquals(0, driver.run(EngineDriver.flush()));
        assertEquals(Set.of("aa"), after(log.now(), 2));
        write('b', 1, 1);
        assertEquals(Set.of("aa", "ab"), after(log.now(), 2));
        assertEquals("aa", text(log.least(log.now()), 2));
        assertEquals("ab", text(log.complete(log.now()), 2));
    }

    @Test
    void whatWasNotFlushedMayBeTornBetweenSectorsOnly() {
        write('a', 0, 3);
        Set<String> all = after(log.now(), 3);
        assertEquals(Set.of("...", "a..", ".a.", "..a", "aa.", "a.a", ".aa", "aaa"), all);
        assertEquals(0, log.flushes());
        assertEquals(text(log.powerFailure(2, 7), 3), text(log.powerFailure(2, 7), 3), "a seed says it all");
        assertEquals(Set.of("..."), after(0, 3));
    }

    @Test
    void aFlushCoversNothingThatWasStillInFlightWhenItBegan() {
        below.faults().hold(request -> request.operation() == Operation.WRITE);
        start('a', 0);
        assertEquals(0, driver.run(EngineDriver.flush()));
        below.faults().release();
        driver.await();
        assertEquals(1, log.flushes());
        assertEquals(Set.of(".", "a"), after(log.now(), 1));
        assertEquals(0, driver.run(EngineDriver.flush()));
        assertEquals(Set.of("a"), after(log.now(), 1));
    }

    @Test
    void aFlushCountsWhenItHasEnded() {
        write('a', 0, 1);
        below.faults().hold(request -> request.operation() == Operation.FLUSH);
        driver.start(EngineDriver.flush());
        assertEquals(null, driver.engine().reap());
        assertEquals(Set.of(".", "a"), after(log.now(), 1));
        int before = log.now();
        below.faults().release();
        driver.await();
        assertEquals(Set.of("a"), after(log.now(), 1));
        assertEquals(Set.of(".", "a"), after(before, 1));
    }

    @Test
    void whatFailedMayBeThereAndAFailedFlushIsNone() {
        below.faults().failNext(Operation.WRITE, Errno.EIO);
        assertEquals(-Errno.EIO, driver.run(request('a', 0, 1)));
        below.faults().failNext(Operation.FLUSH, Errno.EIO);
        assertEquals(-Errno.EIO, driver.run(EngineDriver.flush()));
        assertEquals(0, log.flushes());
        assertEquals(0, driver.run(EngineDriver.flush()));
        assertEquals(Set.of(".", "a"), after(log.now(), 1));
    }

    @Test
    void whatIsRefusedIsNotThere() {
        assertEquals(-Errno.EINVAL, driver.run(request('a', 1 << 11, 1)));
        assertEquals(0, log.now());
    }

    @Test
    void discardedSectorsAreZero() {
        write('a', 0, 4);
        assertEquals(0, driver.run(EngineDriver.flush()));
        IoRequest discard = new IoRequest(1);
        discard.prepareDiscard(512, 1024);
        assertEquals(0, driver.run(discard));
        assertEquals(Set.of("aaaa", "a.aa", "aa.a", "a..a"), after(log.now(), 4));
        assertEquals(0, driver.run(EngineDriver.flush()));
        assertEquals(Set.of("a..a"), after(log.now(), 4));
    }

    @Test
    void aFlushThatIsNotDoneIsReportedAndCoversNothing() {
        try (Disk forgetful = RecordingDisk.withoutFlushes(new MemoryDisk(1 << 20, false));
             EngineDriver guest = new EngineDriver(forgetful, 2)) {
            assertEquals(0, guest.run(request('a', 0, 1)));
            assertEquals(0, guest.run(EngineDriver.flush()));
            DiskLog its = ((RecordingDisk) forgetful).log();
            assertEquals(0, its.flushes());
            assertEquals(".", text(its.least(its.now()), 1));
        }
    }

    @Test
    void theWholeLogMakesTheDisk() {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        for (int i = 0; i < 400; i++) {
            write((char) (1 + random.nextInt(255)), random.nextInt(2000), 1 + random.nextInt(48));
        }
        assertEquals(0, driver.run(EngineDriver.flush()));
        DiskReplay replay = log.least(log.now());
        assertNotEquals(0, log.now());
        for (long sector = 0; sector < disk.info().sectors(); sector++) {
            byte[] found = new byte[512];
            assertEquals(0, driver.run(EngineDriver.request(Operation.READ, sector * 512, memory.address(), 512)));
            memory.buffer(0, 512).get(found);
            assertArrayEquals(found, replay.sector(sector), "seed " + seed + ", sector " + sector);
        }
    }

    private void write(char content, long sector, int sectors) {
        assertEquals(0, driver.run(request(content, sector, sectors)));
    }

    private void start(char content, long sector) {
        driver.start(request(content, sector, 1));
    }

    private IoRequest request(char content, long sector, int sectors) {
        for (int i = 0; i < sectors * 512; i++) {
            memory.buffer(i, 1).put(0, (byte) content);
        }
        return EngineDriver.request(Operation.WRITE, sector * 512, memory.address(), sectors * 512);
    }

    /** What the first sectors may be after a power failure, a character each. */
    private Set<String> after(int point, int sectors) {
        Set<String> found = new HashSet<>();
        for (int seed = 0; seed < SEEDS; seed++) {
            found.add(text(log.powerFailure(point, seed), sectors));
        }
        assertTrue(found.contains(text(log.least(point), sectors)));
        return found;
    }

    private static String text(DiskReplay replay, int sectors) {
        return IntStream.range(0, sectors).mapToObj(replay::sector).map(sector -> {
            for (byte b : sector) {
                assertEquals(sector[0], b);
            }
            return sector[0] == 0 ? "." : String.valueOf((char) sector[0]);
        }).collect(Collectors.joining());
    }
}
