// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.ring;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import org.blkbackd.blkback.blkif.Blkif;
import org.blkbackd.blkback.blkif.BlkifAbi;
import org.blkbackd.blkback.blkif.DiskLimits;
import org.blkbackd.blkback.ring.RingCounters.Counter;
import org.blkbackd.ioengine.DiskSpec;
import org.blkbackd.ioengine.IoRequest.Operation;
import org.blkbackd.ioengine.memory.MemoryProvider;
import org.blkbackd.ioengine.sim.FaultyDisk;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class DiscardTest {

    private static final int EIO = 5;
    private static final int EOPNOTSUPP = 95;
    private static final long SECTORS = 2048;

    @TempDir
    private Path dir;
    private final FaultyDisk disk =
        FaultyDisk.wrap(new MemoryProvider().open(DiskSpec.parse("memory:1M"), false));
    private RingRig rig;
    private BlkifAbi abi;

    private void attach(BlkifAbi layout, boolean readOnly, boolean discard) {
        abi = layout;
        rig = new RingRig(dir, disk, new DiskLimits(SECTORS, 512, readOnly, discard), layout, 0);
    }

    @AfterEach
    void leavesNothing() {
        rig.stop();
        assertTrue(rig.told.isEmpty(), rig.told::toString);
        rig.close();
        disk.close();
    }

    /** Literal offsets of struct blkif_request_discard. */
    private void discard(int flag, long id, long sector, long count) {
        boolean wide = abi == BlkifAbi.NATIVE;
        int slot = rig.front.claim();
        rig.ringPage.buffer().put(slot, (byte) 5).put(slot + 1, (byte) flag)
            .putLong(slot + (wide ? 8 : 4), id).putLong(slot + (wide ? 16 : 12), sector)
            .putLong(slot + (wide ? 24 : 20), count);
    }

    @ParameterizedTest
    @EnumSource(BlkifAbi.class)
    void whatIsDiscardedReadsAsZerosAndNothingElseDoes(BlkifAbi layout) {
        attach(layout, false, true);
        for (int i = 0; i < 3; i++) {
            rig.pages.get(0).buffer().put(0, (byte) 0x77).put(4095, (byte) 0x77);
            rig.request(Blkif.OP_WRITE, i, i * 8L);
            rig.answer(Blkif.RSP_OKAY, Blkif.OP_WRITE, i);
        }
        discard(0, 9, 8, 8);
        rig.answer(Blkif.RSP_OKAY, Blkif.OP_DISCARD, 9);
        int[] expected = {0x77, 0, 0x77};
        for (int i = 0; i < 3; i++) {
            rig.request(Blkif.OP_READ, i, i * 8L);
            rig.answer(Blkif.RSP_OKAY, Blkif.OP_READ, i);
            assertEquals(expected[i], rig.pages.get(0).buffer().get(0));
            assertEquals(expected[i], rig.pages.get(0).buffer().get(4095));
        }
        assertEquals(1, rig.ring.counters().get(Counter.DISCARDS));
        assertEquals(4096, rig.ring.counters().get(Counter.DISCARD_BYTES));
    }

    @ParameterizedTest
    @CsvSource({"0, 2048, 0", "2047, 1, 0", "2048, 0, 0", "0, 0, 0", "0, 2049, -1", "2048, 1, -1", "-1, 1, -1",
        "1, -1, -1", "1, 9223372036854775807, -1", "9223372036854775807, 1, -1", "-9223372036854775808, 8, -1",
        "8, -9223372036854775808, -1"})
    void aRangeIsJudgedWithoutOverflow(long sector, long count, int status) {
        attach(BlkifAbi.NATIVE, false, true);
        discard(0, 1, sector, count);
        rig.answer(status, Blkif.OP_DISCARD, 1);
    }

    @Test
    void isNotSupportedWhereItWasNotOffered() {
        attach(BlkifAbi.NATIVE, false, false);
        discard(0, 1, 0, 8);
        rig.answer(Blkif.RSP_EOPNOTSUPP, Blkif.OP_DISCARD, 1);
        assertEquals(0, disk.faults().count(Operation.DISCARD));
    }

    @Test
    void isAnErrorOnAReadOnlyDisk() {
        attach(BlkifAbi.NATIVE, true, true);
        discard(0, 1, 0, 8);
        rig.answer(Blkif.RSP_ERROR, Blkif.OP_DISCARD, 1);
        assertEquals(0, disk.faults().count(Operation.DISCARD));
    }

    @Test
    void flagsMeanNothingWhereTheyWereNotOffered() {
        attach(BlkifAbi.NATIVE, false, true);
        for (int flag = 0; flag < 256; flag++) {
            discard(flag, flag, 0, 8);
            rig.answer(Blkif.RSP_OKAY, Blkif.OP_DISCARD, flag);
        }
    }

    @Test
    void theDisksErrorsAreToldApart() {
        attach(BlkifAbi.NATIVE, false, true);
        disk.faults().failNext(Operation.DISCARD, EOPNOTSUPP);
        discard(0, 1, 0, 8);
        rig.answer(Blkif.RSP_EOPNOTSUPP, Blkif.OP_DISCARD, 1);
        disk.faults().failNext(Operation.DISCARD, EIO);
        discard(0, 2, 0, 8);
        rig.answer(Blkif.RSP_ERROR, Blkif.OP_DISCARD, 2);
    }

    @Test
    void otherRequestsDoNotWaitForIt() {
        attach(BlkifAbi.NATIVE, false, true);
        disk.faults().hold();
        discard(0, 1, 0, 2048);
        rig.push();
        await().until(() -> disk.faults().held() == 1);
        rig.request(Blkif.OP_WRITE, 2, 0);
        rig.push();
        await().until(() -> disk.faults().held() == 2);
        disk.faults().releaseReversed();
        assertEquals(2, rig.response().id());
        assertEquals(1, rig.response().id());
    }
}
