// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.blkif;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.math.BigInteger;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Which requests may be carried out, against tables and an oracle that cannot overflow. */
class RequestValidationTest {

    private static final BigInteger TWO_63 = BigInteger.TWO.pow(63);

    private final BlkifRequest request = new BlkifRequest();

    private static DiskLimits disk(long sectors, boolean readOnly) {
        return new DiskLimits(sectors, 512, readOnly, false);
    }

    /** Slot 0 of a ring, filled as a frontend would; segments beyond the slot are not written. */
    private BlkifRequest request(BlkifAbi abi, int operation, int segments, long sector, int firstSector,
                                 int lastSector) {
        SharedRing ring = Bytes.ring(abi, 4096, 0);
        ring.memory().put(64, (byte) operation).put(65, (byte) segments);
        ring.memory().putLong(64 + abi.sectorOffset(), sector);
        for (int i = 0; i < Blkif.MAX_SEGMENTS; i++) {
            segment(ring, i, firstSector, lastSector);
        }
        request.copyFrom(ring, 0);
        return request;
    }

    private static void segment(SharedRing ring, int index, int firstSector, int lastSector) {
        int at = 64 + ring.abi().segmentOffset(index);
        ring.memory().put(at + 4, (byte) firstSector).put(at + 5, (byte) lastSector);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 5, 10})
    void firstAndLastSectorLieInOrderWithinAPage(int bad) {
        SharedRing ring = Bytes.ring(BlkifAbi.NATIVE, 4096, 0);
        ring.memory().put(64, (byte) Blkif.OP_READ).put(65, (byte) 11);
        ring.memory().putLong(64 + 16, 0);
        for (int i = 0; i < 11; i++) {
            segment(ring, i, 0, 7);
        }
        for (int first = 0; first < 256; first++) {
            for (int last = 0; last < 256; last++) {
                segment(ring, bad, first, last);
                request.copyFrom(ring, 0);
                boolean good = first <= last && last < 8;
                int status = request.validate(disk(1L << 40, false));
                if (good != (status == Blkif.RSP_OKAY) || !good && status != Blkif.RSP_ERROR) {
                    assertEquals(good ? 0 : -1, status, "segment " + bad + ": " + first + ".." + last);
                }
            }
        }
    }

    @Test
    void aPageOfFirstAndLastSectorIsJudgedInBothLayoutsForEveryDataOperation() {
        for (BlkifAbi abi : BlkifAbi.values()) {
            for (int operation : new int[] {Blkif.OP_READ, Blkif.OP_WRITE, Blkif.OP_FLUSH_DISKCACHE}) {
                assertEquals(0, request(abi, operation, 1, 0, 0, 7).validate(disk(8, false)));
                assertEquals(0, request(abi, operation, 1, 7, 7, 7).validate(disk(8, false)));
                assertEquals(-1, request(abi, operation, 1, 0, 0, 8).validate(disk(100, false)));
                assertEquals(-1, request(abi, operation, 1, 0, 4, 3).validate(disk(100, false)));
                assertEquals(-1, request(abi, operation, 1, 0, 0, 255).validate(disk(1 << 20, false)));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void everyOperationWithEveryNumberOfSegments(boolean readOnly) {
        for (int operation = 0; operation < 256; operation++) {
            for (int segments = 0; segments < 256; segments++) {
                int status = request(BlkifAbi.X86_32, operation, segments, 100, 0, 7).validate(disk(10_000, readOnly));
                int expected = expectedStatus(operation, segments, readOnly);
                if (status != expected) {
                    assertEquals(expected, status, "operation " + operation + " with " + segments + " segments");
                }
            }
        }
    }

    private static int expectedStatus(int operation, int segments, boolean readOnly) {
        boolean plain = segments >= 1 && segments <= 11;
        return switch (operation) {
            case 0 -> plain ? 0 : -1;
            case 1 -> plain && !readOnly ? 0 : -1;
            case 2, 3 -> segments == 0 || plain && !readOnly ? 0 : -1;
            // Here the byte is the inner operation, and nr_segments is 0.
            case 6 -> -1;
            default -> -2;
        };
    }

    @ParameterizedTest
    @EnumSource(BlkifAbi.class)
    void sectorAndLengthStayInsideTheDisk(BlkifAbi abi) {
        long[] disks = {0, 1, 7, 8, 88, 89, 1 << 20, (1L << 54) - 1, (1L << 55) - 1, 1L << 55, Long.MAX_VALUE / 512,
            Long.MAX_VALUE - 1, Long.MAX_VALUE};
        Random random = new Random(1);
        for (long disk : disks) {
            for (long sector : interestingSectors(disk, random)) {
                for (int segments : new int[] {1, 2, 11}) {
                    int first = random.nextInt(8);
                    int last = first + random.nextInt(8 - first);
                    int status = request(abi, random.nextInt(2), segments, sector, first, last)
                        .validate(disk(disk, false));
                    long length = (long) segments * (last - first + 1);
                    assertEquals(fits(sector, length, disk) ? 0 : -1, status, () -> "disk " + disk + " sector "
                        + Long.toUnsignedString(sector) + " length " + length + " (seed 1)");
                }
            }
        }
    }

    private static long[] interestingSectors(long disk, Random random) {
        return new long[] {0, 1, disk - 89, disk - 88, disk - 87, disk - 8, disk - 7, disk - 2, disk - 1, disk,
            disk + 1, (1L << 55) - 1, (1L << 54) - 1, 1L << 54, (1L << 54) + 1, Long.MAX_VALUE / 512, 1L << 55,
            Long.MAX_VALUE - 7, Long.MAX_VALUE, Long.MIN_VALUE, Long.MIN_VALUE + 1, -88, -8, -2, -1,
            random.nextLong(), random.nextLong(), random.nextLong() >>> random.nextInt(64)};
    }

    private static boolean fits(long sector, long length, long disk) {
        BigInteger start = new BigInteger(Long.toUnsignedString(sector));
        return start.add(BigInteger.valueOf(length)).compareTo(BigInteger.valueOf(disk)) <= 0;
    }

    @Test
    void anAcceptedTransferHasAByteOffsetThatFitsOnAnyDiskThatExists() {
        // A disk's size in bytes is below 2^63; every request that passes has an end below that, too.
        long disk = TWO_63.divide(BigInteger.valueOf(512)).longValueExact() - 1;
        assertEquals(0, request(BlkifAbi.NATIVE, Blkif.OP_READ, 1, disk - 8, 0, 7).validate(disk(disk, false)));
        assertEquals(-1, request(BlkifAbi.NATIVE, Blkif.OP_READ, 1, disk - 7, 0, 7).validate(disk(disk, false)));
        assertEquals(-1, request(BlkifAbi.NATIVE, Blkif.OP_READ, 1, disk + 1, 0, 0).validate(disk(disk, false)));
    }

    @Test
    void aReadOnlyDiskRefusesEverythingThatCarriesDataToIt() {
        assertEquals(0, request(BlkifAbi.NATIVE, Blkif.OP_READ, 1, 0, 0, 7).validate(disk(8, true)));
        assertEquals(-1, request(BlkifAbi.NATIVE, Blkif.OP_WRITE, 1, 0, 0, 7).validate(disk(8, true)));
        assertEquals(-1, request(BlkifAbi.NATIVE, Blkif.OP_FLUSH_DISKCACHE, 1, 0, 0, 7).validate(disk(8, true)));
        assertEquals(-1, request(BlkifAbi.NATIVE, Blkif.OP_WRITE_BARRIER, 1, 0, 0, 7).validate(disk(8, true)));
        assertEquals(-2, request(BlkifAbi.NATIVE, Blkif.OP_DISCARD, 1, 0, 0, 7).validate(disk(8, true)));
    }

    @Test
    void anEmptyFlushIsNeverAnsweredWithAnError() {
        // blkfront reports an error on it to the file system as success, and never flushes again.
        for (long sector : new long[] {0, 1, Long.MAX_VALUE, Long.MIN_VALUE, -1}) {
            for (boolean readOnly : new boolean[] {false, true}) {
                assertEquals(0, request(BlkifAbi.X86_32, Blkif.OP_FLUSH_DISKCACHE, 0, sector, 255, 0)
                    .validate(disk(0, readOnly)));
            }
        }
    }

    @Test
    void nonsenseInAnUnknownOperationDoesNotChangeItsStatus() {
        for (long sector : new long[] {0, -1, Long.MIN_VALUE}) {
            assertEquals(-2, request(BlkifAbi.NATIVE, 4, 255, sector, 255, 0).validate(disk(1, true)));
            assertEquals(-2, request(BlkifAbi.NATIVE, 255, 0, sector, 0, 0).validate(disk(1, false)));
        }
    }
}
