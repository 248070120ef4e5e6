// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import org.blkbackd.ioengine.IoRequest.Operation;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What every disk and engine promises. Each implementation extends it. */
public abstract class IoEngineContract {

    /** Small enough to revisit blocks, and not a multiple of 4096: the last block is a part of one. */
    protected static final long SIZE = 1024 * 1024 + 1536;

    private static final int DEPTH = 16;

    private final IoMemory memory = IoMemory.allocate(3 << 20);
    private Disk disk;

    /** A disk of at least {@code bytes}, zeroed if it is new; each call is for another test or after a close. */
    protected abstract Disk open(long bytes, boolean readOnly) throws Exception;

    /** False for a disk that forgets. */
    protected boolean keepsData() {
        return true;
    }

    /** True for a simulator, which need not keep to "nothing allocates". */
    protected boolean allocates() {
        return false;
    }

    /** False for a disk that only its own tools can grow. */
    protected boolean grows() {
        return true;
    }

    /** Is told when a test made the disk larger. */
    protected void grown(long bytes) {
        // most need not know
    }

    /** Runs after the disk was closed. */
    protected void cleanUp() throws Exception {
        // most have nothing to clean up
    }

    @BeforeEach
    void openDisk() throws Exception {
        disk = open(SIZE, false);
    }

    @AfterEach
    void closeDisk() throws Exception {
        try {
            if (disk != null) {
                disk.close();
            }
        } finally {
            cleanUp();
        }
        memory.close();
    }

    @Test
    void readsWhatWasWrittenWhateverTheAlignment() {
        assumeTrue(keepsData(), "this disk keeps no data");
        long seed = new Random().nextLong();
        try (EngineDriver driver = new EngineDriver(disk, DEPTH)) {
            new RandomIo(disk.info(), driver, memory, seed).run(400);
        } catch (AssertionError e) {
            throw new AssertionError("seed " + seed, e);
        }
    }

    @Test
    void losesNoWriteOfANeighbourInTheSameBlock() {
        assumeTrue(keepsData(), "this disk keeps no data");
        long seed = new Random().nextLong();
        try {
            new NeighbourWriters(disk, 4, seed).run(60);
        } catch (AssertionError e) {
            throw new AssertionError("seed " + seed, e);
        }
    }

    @Test
    void keepsTheOwnersOfNeighbouringSectorsApart() {
        assumeTrue(keepsData(), "this disk keeps no data");
        long seed = new Random().nextLong();
        try {
            new SectorOwners(disk, 4, seed).run(150);
        } catch (AssertionError e) {
            throw new AssertionError("seed " + seed, e);
        }
    }

    /** What an indirect request of 256 segments brings: one piece, a page each, or a sector each. */
    @ParameterizedTest
    @CsvSource({"1,0", "1,3", "32,0", "32,512", "256,0", "256,1", "2048,0", "2048,8"})
    void movesAMebibyteInAnyNumberOfPieces(int pieces, int shift) {
        int bytes = 1 << 20;
        int piece = bytes / pieces;
        int distance = 2 * Math.min(piece, bytes / 2);
        byte[] data = new byte[bytes];
        new Random(pieces).nextBytes(data);
        IoRequest request = new IoRequest(pieces);
        try (EngineDriver driver = new EngineDriver(disk, 1)) {
            for (long offset : new long[] {0, disk.info().sizeBytes() - bytes}) {
                for (Operation operation : new Operation[] {Operation.WRITE, Operation.READ}) {
                    request.prepare(operation, offset);
                    for (int i = 0; i < pieces; i++) {
                        int at = i * distance + shift;
                        request.add(memory.address() + at, piece);
                        memory.buffer(at, piece).put(operation == Operation.WRITE
                            ? Arrays.copyOfRange(data, i * piece, (i + 1) * piece) : new byte[piece]);
                    }
                    assertEquals(pieces, request.pieces());
                    assertEquals(0, driver.run(request));
                }
                for (int i = 0; i < pieces && keepsData(); i++) {
                    byte[] read = new byte[piece];
                    memory.buffer(i * distance + shift, piece).get(read);
                    assertTrue(Arrays.equals(read, 0, piece, data, i * piece, (i + 1) * piece), "piece " + i);
                }
            }
        }
    }

    @Test
    void takesNoMoreThanItsDepth() {
        try (EngineDriver driver = new EngineDriver(disk, 3)) {
            IoEngine engine = driver.engine();
            for (int i = 0; i < 3; i++) {
                assertEquals(i, engine.inFlight());
                assertTrue(engine.submit(read(i * 4096L, 512)));
            }
            assertFalse(engine.submit(read(0, 512)));
            assertEquals(3, engine.inFlight());
            engine.kick();
            driver.await();
            assertEquals(2, engine.inFlight());
            assertTrue(engine.submit(read(0, 512)));
            engine.kick();
            driver.drain();
            assertEquals(0, engine.inFlight());
            assertNull(engine.reap());
        }
    }

    @Test
    void countsARefusedRequestAgainstTheDepthUntilItIsReaped() {
        try (EngineDriver driver = new EngineDriver(disk, 1)) {
            assertTrue(driver.engine().submit(read(1, 512)));
            assertFalse(driver.engine().submit(read(0, 512)));
            driver.engine().kick();
            assertEquals(-Errno.EINVAL, driver.await().result());
            assertEquals(0, driver.engine().inFlight());
        }
    }

    @Test
    void cannotBeClosedWhileRequestsAreInFlight() {
        EngineDriver driver = new EngineDriver(disk, 2);
        assertTrue(driver.engine().submit(read(0, 512)));
        assertThrows(IllegalStateException.class, driver.engine()::close);
        driver.engine().kick();
        driver.drain();
        assertThrows(IllegalStateException.class, disk::close, "an engine is open");
        driver.engine().close();
        driver.engine().close();
        assertThrows(IllegalStateException.class, () -> driver.engine().submit(read(0, 512)));
        disk.close();
        disk.close();
        assertThrows(IllegalStateException.class, () -> disk.newEngine(1, new SleepingLoop()));
        disk = null;
    }

    @Test
    void refusesADepthOfZero() {
        assertThrows(IllegalArgumentException.class, () -> disk.newEngine(0, new SleepingLoop()));
    }

    @Test
    void acceptsExactlyTheRangesOnTheDisk() {
        long size = disk.info().sizeBytes();
        long[] offsets = {0, 512, 1, -512, size - 512, size - 1024, size, size + 512, Long.MAX_VALUE - 511,
            Long.MAX_VALUE, Long.MIN_VALUE, 1L << 62, (1L << 55) * 512 - 512};
        long[] lengths = {0, 512, 1024, 511, 513, 4096, size, size + 512, Long.MAX_VALUE - 511, Long.MAX_VALUE, -512,
            Long.MIN_VALUE};
        try (EngineDriver driver = new EngineDriver(disk, 1)) {
            for (long offset : offsets) {
                for (long length : lengths) {
                    boolean legal = isOnDisk(offset, length, size);
                    String what = offset + "+" + length;
                    IoRequest discard = new IoRequest(1);
                    discard.prepareDiscard(offset, length);
                    long discarded = driver.run(discard);
                    if (legal && disk.info().discard()) {
                        assertEquals(0, discarded, what);
                    } else {
                        assertTrue(discarded == -Errno.EINVAL || discarded == -Errno.EOPNOTSUPP, what);
                    }
                    if (length >= 0 && length <= 4096) {
                        long expected = legal ? 0 : -Errno.EINVAL;
                        assertEquals(expected, driver.run(read(offset, (int) length)), what);
                        assertEquals(expected, driver.run(write(offset, (int) length)), what);
                    }
                }
            }
        }
    }

    @Test
    void discardsWithoutTraceOnlyWhereItSaysSo() {
        try (EngineDriver driver = new EngineDriver(disk, 1)) {
            IoRequest discard = new IoRequest(1);
            discard.prepareDiscard(0, 4096, true);
            assertEquals(disk.info().secureDiscard() ? 0 : -Errno.EOPNOTSUPP, driver.run(discard));
            discard.prepareDiscard(0, 4096);
            assertFalse(discard.isSecure(), "left over from before");
            assertEquals(disk.info().discard() ? 0 : -Errno.EOPNOTSUPP, driver.run(discard));
        }
    }

    @Test
    void changesNothingOnAReadOnlyDisk() throws Exception {
        disk.close();
        disk = open(SIZE, true);
        assertTrue(disk.info().readOnly());
        try (EngineDriver driver = new EngineDriver(disk, 1)) {
            IoRequest discard = new IoRequest(1);
            for (boolean secure : new boolean[] {false, true}) {
                discard.prepareDiscard(0, 4096, secure);
                assertEquals(-Errno.EROFS, driver.run(discard));
            }
            assertEquals(-Errno.EROFS, driver.run(write(0, 4096)));
            assertEquals(0, driver.run(EngineDriver.flush()));
            assertEquals(0, driver.run(read(0, 4096)));
        }
        assertEquals(disk.info(), disk.remeasure().info());
    }

    @Test
    void findsTheSameSizeWhenNothingChanged() throws Exception {
        assertEquals(new Measured(disk.info(), disk.info().sizeBytes()), disk.remeasure());
        assertFalse(disk.remeasure().shrunk());
        disk.close();
        assertThrows(IllegalStateException.class, disk::remeasure);
        assertThrows(IllegalStateException.class, () -> disk.grow(2 * SIZE));
        disk = null;
    }

    @Test
    void growsUnderItsEngines() {
        assumeTrue(grows(), "this disk does not grow by itself");
        DiskInfo before = disk.info();
        long larger = before.sizeBytes() + 128 * 1024 + 512;
        try (EngineDriver one = new EngineDriver(disk, 1); EngineDriver other = new EngineDriver(disk, 1)) {
            fill(0, 8192, 0x77);
            long inBoth = before.sizeBytes() - 4096;
            assertEquals(0, one.run(write(inBoth, 4096)));
            assertEquals(-Errno.EINVAL, one.run(read(inBoth, 8192)));
            assertEquals(new Measured(before.withSize(larger), larger), disk.grow(larger));
            grown(larger);
            assertEquals(before.withSize(larger), disk.info());
            assertEquals(-Errno.EINVAL, one.run(read(larger, 512)));
            for (EngineDriver driver : new EngineDriver[] {one, other}) {
                assertEquals(0, driver.run(write(larger - 1536, 1536)));
                fill(0, 8192, 0x11);
                assertEquals(0, driver.run(read(inBoth, 8192)));
                assertTrue(!keepsData() || isFilled(0, 4096, 0x77) && isFilled(4096, 8192, 0));
                assertEquals(0, driver.run(read(larger - 2048, 2048)));
                assertTrue(!keepsData() || isFilled(0, 512, 0) && isFilled(512, 2048, 0x77));
                fill(0, 8192, 0x77);
            }
        }
    }

    @Test
    void refusesSizesItCannotBeGiven() {
        DiskInfo before = disk.info();
        long size = before.sizeBytes();
        for (long wrong : new long[] {0, -512, Long.MIN_VALUE, size - 512, 512, size + 1, size + 511, Long.MAX_VALUE}) {
            DiskException e = assertThrows(DiskException.class, () -> disk.grow(wrong), "" + wrong);
            assertTrue(!grows() || e.kind() == DiskException.Kind.BAD_SIZE, e.getMessage());
            assertEquals(-1, e.getMessage().indexOf('\n'), e.getMessage());
        }
        assertEquals(new Measured(before, size), disk.remeasure());
        if (grows()) {
            assertEquals(new Measured(before, size), disk.grow(size), "what it is already");
        }
    }

    @Test
    void flushesAmongWrites() {
        try (EngineDriver driver = new EngineDriver(disk, DEPTH)) {
            for (int i = 0; i < 5; i++) {
                assertTrue(driver.engine().submit(write(i * 4096L, 4096)));
                assertTrue(driver.engine().submit(EngineDriver.flush()));
            }
            driver.engine().kick();
            while (driver.engine().inFlight() > 0) {
                assertEquals(0, driver.await().result());
            }
        }
    }

    @Test
    void discardsNothingOutsideTheRange() {
        assumeTrue(keepsData() && disk.info().discard(), "this disk keeps no data or cannot discard");
        int bytes = 64 * 1024;
        ByteBuffer buffer = memory.buffer(0, bytes);
        for (int i = 0; i < bytes; i++) {
            buffer.put(i, (byte) 0x5a);
        }
        try (EngineDriver driver = new EngineDriver(disk, 1)) {
            assertEquals(0, driver.run(write(0, bytes)));
            IoRequest discard = new IoRequest(1);
            discard.prepareDiscard(8192 - 512, 32768 + 1536);
            assertEquals(0, driver.run(discard));
            assertEquals(0, driver.run(read(0, bytes)));
            for (int i = 0; i < bytes; i++) {
                if (i < 8192 - 512 || i >= 8192 - 512 + 32768 + 1536) {
                    assertEquals(0x5a, buffer.get(i), "byte " + i);
                }
            }
        }
    }

    @Test
    void allocatesNothingOnceWarm() {
        assumeTrue(!allocates(), "this engine is a simulator, which may allocate");
        try (EngineDriver driver = new EngineDriver(disk, DEPTH)) {
            new AllocationProbe(driver, memory).assertNoneIn(4_000);
        }
    }

    private static boolean isOnDisk(long offset, long length, long size) {
        BigInteger first = BigInteger.valueOf(offset);
        BigInteger bytes = BigInteger.valueOf(length);
        BigInteger unit = BigInteger.valueOf(512);
        return first.signum() >= 0 && bytes.signum() >= 0
            && first.mod(unit).signum() == 0 && bytes.mod(unit).signum() == 0
            && first.add(bytes).compareTo(BigInteger.valueOf(size)) <= 0;
    }

    private void fill(int from, int to, int value) {
        ByteBuffer bytes = memory.buffer(from, to - from);
        while (bytes.hasRemaining()) {
            bytes.put((byte) value);
        }
    }

    private boolean isFilled(int from, int to, int value) {
        ByteBuffer bytes = memory.buffer(from, to - from);
        return IntStream.range(0, to - from).allMatch(i -> bytes.get(i) == value);
    }

    private IoRequest read(long offset, int bytes) {
        return EngineDriver.request(Operation.READ, offset, memory.address(), bytes);
    }

    private IoRequest write(long offset, int bytes) {
        return EngineDriver.request(Operation.WRITE, offset, memory.address(), bytes);
    }
}
