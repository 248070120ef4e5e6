// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.ring;

import static org.blkbackd.blkback.ring.RingCounters.Counter.COPY_FAILURES;
import static org.blkbackd.blkback.ring.RingCounters.Counter.INDIRECT;
import static org.blkbackd.blkback.ring.RingCounters.Counter.MALFORMED;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.blkbackd.blkback.blkif.Blkif;
import org.blkbackd.blkback.blkif.BlkifAbi;
import org.blkbackd.grant.sim.GuestPage;
import org.blkbackd.ioengine.Disk;
import org.blkbackd.ioengine.DiskSpec;
import org.blkbackd.ioengine.memory.MemoryProvider;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Indirect requests, written byte by byte as blkif.h lays them out. */
class LargeRequestTest {

    private static final long SECTORS = 8192;

    @TempDir
    private Path dir;
    private final Disk disk = new MemoryProvider().open(DiskSpec.parse("memory:4M"), false);
    private RingRig rig;
    private BlkifAbi abi;
    private GuestPage descriptors;
    private int descriptorRef;
    private final List<GuestPage> pages = new ArrayList<>();
    private final List<Integer> refs = new ArrayList<>();

    private void attach(BlkifAbi layout) {
        abi = layout;
        rig = new RingRig(dir, disk, false, abi, 0);
        descriptors = rig.guest.allocatePage();
        descriptorRef = rig.guest.grant(0, descriptors, true);
        for (int i = 0; i < Blkif.MAX_INDIRECT_SEGMENTS; i++) {
            pages.add(rig.guest.allocatePage());
            refs.add(rig.guest.grant(0, pages.get(i), false));
        }
    }

    @AfterEach
    void leavesNothing() {
        rig.stop();
        assertTrue(rig.told.isEmpty(), rig.told::toString);
        rig.close();
        disk.close();
    }

    /** Offsets are literal: 64-bit layout from blkif.h, and the one that a 32-bit compiler makes of it. */
    private void indirect(int operation, int segments, long id, long sector, int descriptorGrant) {
        boolean wide = abi == BlkifAbi.NATIVE;
        int slot = rig.front.claim();
        ByteBuffer ring = rig.ringPage.buffer();
        ring.put(slot, (byte) 6).put(slot + 1, (byte) operation).putShort(slot + 2, (short) segments);
        ring.putLong(slot + (wide ? 8 : 4), id);
        ring.putLong(slot + (wide ? 16 : 12), sector);
        ring.putShort(slot + (wide ? 24 : 20), (short) 0x1234);
        ring.putInt(slot + (wide ? 28 : 24), descriptorGrant);
    }

    private void describe(int index, int grantRef, int first, int last) {
        descriptors.buffer().putInt(index * 8, grantRef).put(index * 8 + 4, (byte) first)
            .put(index * 8 + 5, (byte) last);
    }

    private void describeAll(int segments) {
        for (int i = 0; i < segments; i++) {
            describe(i, refs.get(i), 0, 7);
        }
    }

    @ParameterizedTest
    @EnumSource(BlkifAbi.class)
    void aMegabyteGoesOutAndComesBackInOneRequest(BlkifAbi layout) {
        attach(layout);
        Random random = new Random(3);
        byte[][] data = new byte[256][4096];
        for (int i = 0; i < 256; i++) {
            random.nextBytes(data[i]);
            pages.get(i).buffer().put(0, data[i]);
        }
        describeAll(256);
        indirect(Blkif.OP_WRITE, 256, 7, 8, descriptorRef);
        rig.answer(Blkif.RSP_OKAY, Blkif.OP_WRITE, 7);
        // Read back through other pages than those they came from.
        for (int i = 0; i < 256; i++) {
            describe(i, refs.get(255 - i), 0, 7);
        }
        indirect(Blkif.OP_READ, 256, 8, 8, descriptorRef);
        rig.answer(Blkif.RSP_OKAY, Blkif.OP_READ, 8);
        byte[] back = new byte[4096];
        for (int i = 0; i < 256; i++) {
            pages.get(255 - i).buffer().get(0, back);
            assertArrayEquals(data[i], back, "page " + i);
        }
        assertEquals(2, rig.ring.counters().get(INDIRECT));
        assertEquals(1 << 20, rig.ring.counters().get(RingCounters.Counter.READ_BYTES));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 15, 16, 17, 33, 255, 256})
    void segmentsOfAnySizeLandWhereTheyBelong(int segments) {
        attach(BlkifAbi.NATIVE);
        Random random = new Random(segments);
        ByteBuffer expected = ByteBuffer.allocate(segments * 4096);
        for (int i = 0; i < segments; i++) {
            int first = random.nextInt(8);
            int last = first + random.nextInt(8 - first);
            byte[] page = new byte[4096];
            random.nextBytes(page);
            pages.get(i).buffer().put(0, page);
            describe(i, refs.get(i), first, last);
            expected.put(page, first * 512, (last - first + 1) * 512);
        }
        indirect(Blkif.OP_WRITE, segments, 1, 0, descriptorRef);
        rig.answer(Blkif.RSP_OKAY, Blkif.OP_WRITE, 1);
        // The bytes on the disk, through plain requests of one sector.
        for (int sector = 0; sector < expected.position() / 512; sector += 1 + segments / 16) {
            int slot = rig.front.claim();
            rig.front.header(slot, Blkif.OP_READ, 1, 2, sector);
            rig.front.segment(slot, 0, rig.refs.get(0), 0, 0);
            rig.answer(Blkif.RSP_OKAY, Blkif.OP_READ, 2);
            byte[] got = new byte[512];
            rig.pages.get(0).buffer().get(0, got);
            byte[] wanted = new byte[512];
            expected.get(sector * 512, wanted);
            assertArrayEquals(wanted, got, "sector " + sector);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 257, 512, 4096, 65535})
    void aSegmentCountThatWasNotOfferedIsAnError(int segments) {
        attach(BlkifAbi.NATIVE);
        describeAll(256);
        indirect(Blkif.OP_WRITE, segments, 1, 0, descriptorRef);
        rig.answer(Blkif.RSP_ERROR, Blkif.OP_WRITE, 1);
        assertEquals(1, rig.ring.counters().get(MALFORMED));
    }

    @Test
    void onlyReadsAndWritesHaveDescriptors() {
        attach(BlkifAbi.NATIVE);
        describeAll(1);
        for (int operation = 2; operation < 256; operation++) {
            indirect(operation, 1, operation, 0, descriptorRef);
            rig.answer(Blkif.RSP_ERROR, operation, operation);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 15, 16, 200})
    void oneBadSegmentFailsTheWholeRequest(int bad) {
        attach(BlkifAbi.NATIVE);
        int[][] ranges = {{1, 0}, {0, 8}, {8, 8}, {255, 255}, {7, 3}};
        for (int[] range : ranges) {
            describeAll(201);
            describe(bad, refs.get(bad), range[0], range[1]);
            indirect(Blkif.OP_WRITE, 201, 5, 0, descriptorRef);
            rig.answer(Blkif.RSP_ERROR, Blkif.OP_WRITE, 5);
        }
        assertEquals(ranges.length, rig.ring.counters().get(MALFORMED));
        describeAll(201);
        describe(bad, 0x7FFFFFFF, 0, 7);
        indirect(Blkif.OP_READ, 201, 6, 0, descriptorRef);
        rig.answer(Blkif.RSP_ERROR, Blkif.OP_READ, 6);
        assertEquals(1, rig.ring.counters().get(COPY_FAILURES));
        serves();
    }

    @Test
    void aDescriptorPageThatIsNotGrantedIsAnError() {
        attach(BlkifAbi.NATIVE);
        indirect(Blkif.OP_READ, 12, 5, 0, 0x7FFFFFFF);
        rig.answer(Blkif.RSP_ERROR, Blkif.OP_READ, 5);
        assertEquals(1, rig.ring.counters().get(COPY_FAILURES));
        serves();
    }

    @Test
    void aRangeThatLeavesTheDiskIsAnError() {
        attach(BlkifAbi.NATIVE);
        describeAll(256);
        for (long sector : new long[] {SECTORS - 2047, SECTORS, -1, Long.MIN_VALUE, Long.MAX_VALUE}) {
            indirect(Blkif.OP_WRITE, 256, 5, sector, descriptorRef);
            rig.answer(Blkif.RSP_ERROR, Blkif.OP_WRITE, 5);
        }
        indirect(Blkif.OP_WRITE, 256, 6, SECTORS - 2048, descriptorRef);
        rig.answer(Blkif.RSP_OKAY, Blkif.OP_WRITE, 6);
    }

    @Test
    void aDescriptorPageRewrittenMeanwhileIsReadOnce() {
        attach(BlkifAbi.NATIVE);
        for (int round = 0; round < 200; round++) {
            describeAll(64);
            indirect(Blkif.OP_READ, 64, round, 0, descriptorRef);
            rig.push();
            // Races with the copy: whatever was read was judged as a whole, and answered once.
            for (int i = 0; i < 64; i++) {
                describe(i, refs.get(i), 0xFF, 0xFF);
            }
            assertEquals(round, rig.response().id());
        }
        serves();
    }

    @Test
    void aFullRingOfTheLargestRequestsIsServedWithFewerBuffersThanItNames() {
        attach(BlkifAbi.NATIVE);
        describeAll(256);
        for (int round = 0; round < 5; round++) {
            for (int i = 0; i < 32; i++) {
                indirect(i % 2 == 0 ? Blkif.OP_WRITE : Blkif.OP_READ, 256, i, i * 8L, descriptorRef);
            }
            rig.push();
            for (int i = 0; i < 32; i++) {
                assertEquals(Blkif.RSP_OKAY, rig.response().status());
            }
        }
        serves();
    }

    private void serves() {
        describeAll(20);
        indirect(Blkif.OP_WRITE, 20, 99, 0, descriptorRef);
        rig.answer(Blkif.RSP_OKAY, Blkif.OP_WRITE, 99);
    }
}
