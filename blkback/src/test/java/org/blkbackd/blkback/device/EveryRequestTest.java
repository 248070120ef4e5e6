// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.device;

import static org.blkbackd.blkback.device.HostRig.PATIENCE_MS;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.blkbackd.blkback.blkif.Blkif;
import org.blkbackd.blkback.sim.DiskConfig;
import org.blkbackd.blkback.sim.DiskOptions;
import org.blkbackd.blkback.sim.FrontRequest;
import org.blkbackd.blkback.sim.FrontendConfig;
import org.blkbackd.blkback.sim.GuestTraffic;
import org.blkbackd.blkback.sim.OfferedFeatures;
import org.blkbackd.blkback.sim.SimFrontend;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Every kind of request a guest may send, through the daemon to an image; and what the daemon offers of them. */
class EveryRequestTest {

    private static final int SIZE = 8 << 20;
    private static final long SECTORS = SIZE / 512;

    @TempDir
    private Path dir;
    private HostRig host;
    private Path image;
    private DiskConfig disk;
    private SimFrontend frontend;

    @BeforeEach
    void start() {
        host = new HostRig(dir, null);
        image = host.image("a.img", SIZE);
        disk = DiskConfig.vbd(1, "xvda", "buffered:" + image);
    }

    @AfterEach
    void leavesNothing() {
        assertEquals(0, frontend.violations());
        frontend.close(PATIENCE_MS);
        host.toolstack.detach(disk);
        host.nothingIsLeft();
        assertEquals(0, host.domain(1).grantsInUse());
        host.close();
    }

    private void connect(FrontendConfig config) {
        host.domain(1);
        host.toolstack.attach(disk);
        frontend = new SimFrontend(host.guest(1), host.domain(1), config);
        frontend.connect(PATIENCE_MS);
    }

    private FrontendConfig config() {
        return FrontendConfig.of(disk.devid());
    }

    private int status(FrontRequest request) {
        int status = frontend.execute(request, PATIENCE_MS);
        frontend.release(request);
        return status;
    }

    private void servesOn() {
        assertEquals(Blkif.RSP_OKAY, status(frontend.claim().write(0, 1)));
        assertTrue(frontend.isConnected());
    }

    private static byte[] filled(int sectors, int value) {
        byte[] data = new byte[sectors * 512];
        Arrays.fill(data, (byte) value);
        return data;
    }

    @Test
    void offersWhatItCanDo() {
        connect(config());
        OfferedFeatures offered = frontend.features();
        assertTrue(offered.flush());
        assertFalse(offered.barrier());
        assertTrue(offered.discard());
        assertTrue(offered.discardGranularity() >= 512, offered::toString);
        assertFalse(offered.discardSecure());
        assertEquals(256, offered.maxIndirectSegments());
        assertEquals("4", host.dom0.read(disk.backendPath() + "/max-ring-page-order"));
        assertEquals("2", host.dom0.read(disk.backendPath() + "/multi-queue-max-queues"));
    }

    @ParameterizedTest
    @ValueSource(ints = {11, 12, 129, 256})
    void indirectRequestsReachTheImage(int pages) {
        for (FrontendConfig layout : new FrontendConfig[] {config(), FrontendConfig.x86With32Bits(disk.devid())}) {
            if (frontend == null) {
                connect(layout.withQueues(2).limit(3, pages));
            } else {
                frontend.close(PATIENCE_MS);
                frontend.kexecReconnect(layout.withQueues(2).limit(3, pages), PATIENCE_MS);
            }
            GuestTraffic.thereAndBack(frontend, SECTORS, pages * 8 - 5, pages);
        }
    }

    @Test
    void manyOfTheLargestRequestsAreServedAtOnce() {
        connect(config().withQueues(2).limit(24, 256));
        GuestTraffic.thereAndBack(frontend, SECTORS, 2048, 1);
    }

    @Test
    void segmentsOfEverySizeLandWhereTheyBelong() throws IOException {
        connect(config().limit(2, 256));
        Random random = new Random(12);
        FrontRequest request = frontend.claim().prepareIndirect(Blkif.OP_WRITE, 77);
        byte[] expected = new byte[256 * 4096];
        int length = 0;
        for (int i = 0; i < 256; i++) {
            int first = random.nextInt(8);
            int last = first + random.nextInt(8 - first);
            byte[] page = new byte[4096];
            random.nextBytes(page);
            request.page(i).put(0, page);
            request.segment(first, last);
            System.arraycopy(page, first * 512, expected, length, (last - first + 1) * 512);
            length += (last - first + 1) * 512;
        }
        assertEquals(Blkif.RSP_OKAY, frontend.execute(request, PATIENCE_MS));
        byte[] whole = Files.readAllBytes(image);
        assertArrayEquals(Arrays.copyOf(expected, length), Arrays.copyOfRange(whole, 77 * 512, 77 * 512 + length));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 257, 512, 513, 4096, 65535})
    void anImpossibleNumberOfIndirectSegmentsIsAnError(int count) {
        connect(config());
        FrontRequest request = frontend.claim().prepareIndirect(Blkif.OP_READ, 0);
        for (int i = 0; i < Math.min(count, 4096); i++) {
            request.segment(0, 0);
        }
        assertEquals(Blkif.RSP_ERROR, status(request.claimSegments(count)));
        servesOn();
    }

    @ParameterizedTest
    @ValueSource(ints = {Blkif.OP_WRITE_BARRIER, Blkif.OP_FLUSH_DISKCACHE, 4, Blkif.OP_DISCARD, Blkif.OP_INDIRECT, 7,
        255})
    void anotherInnerOperationIsRefused(int inner) {
        connect(config());
        assertEquals(Blkif.RSP_ERROR, status(frontend.claim().prepareIndirect(inner, 0).segment(0, 7)));
        servesOn();
    }

    @Test
    void badGrantsOfDescriptorsAndDataAreErrors() {
        connect(config());
        for (int inner : new int[] {Blkif.OP_READ, Blkif.OP_WRITE}) {
            for (int ref : new int[] {0, -1, 77_777, Integer.MIN_VALUE}) {
                assertEquals(Blkif.RSP_ERROR,
                    status(frontend.claim().prepareIndirect(inner, 0).segment(0, 7).descriptorRef(0, ref)));
                assertEquals(Blkif.RSP_ERROR,
                    status(frontend.claim().prepareIndirect(inner, 0).segment(0, 7).segment(ref, 0, 7)));
            }
            for (int[] range : new int[][] {{1, 0}, {0, 8}, {7, 255}, {255, 255}, {8, 8}}) {
                assertEquals(Blkif.RSP_ERROR,
                    status(frontend.claim().prepareIndirect(inner, 0).segment(range[0], range[1])));
            }
            assertEquals(Blkif.RSP_ERROR, status(frontend.claim().prepareIndirect(inner, SECTORS - 7).segment(0, 7)));
            assertEquals(Blkif.RSP_ERROR, status(frontend.claim().prepareIndirect(inner, -1).segment(0, 7)));
        }
        servesOn();
    }

    @Test
    void aDescriptorPageThatChangesUnderTheDaemonHarmsNothing() {
        connect(config().limit(1, 256));
        Random random = new Random(8);
        for (int round = 0; round < 50; round++) {
            FrontRequest request = frontend.claim().read(0, 2048);
            frontend.submit(request);
            frontend.kick();
            byte[] junk = new byte[4096];
            random.nextBytes(junk);
            request.descriptorPage(0).put(0, junk);
            assertTrue(frontend.await(PATIENCE_MS));
            FrontRequest answered = frontend.reap();
            assertTrue(answered.status() == Blkif.RSP_OKAY || answered.status() == Blkif.RSP_ERROR);
            frontend.release(answered);
        }
        servesOn();
    }

    @Test
    void whatIsDiscardedReadsAsZero() throws IOException {
        connect(config());
        for (int i = 0; i < 128; i++) {
            assertEquals(Blkif.RSP_OKAY, status(frontend.claim().put(filled(64, 9)).write(i * 64L, 64)));
        }
        assertEquals(Blkif.RSP_OKAY, status(frontend.claim().discard(64, 4096)));
        assertEquals(Blkif.RSP_OKAY, status(frontend.claim().flush()));
        byte[] whole = Files.readAllBytes(image);
        assertArrayEquals(filled(64, 9), Arrays.copyOf(whole, 64 * 512));
        assertArrayEquals(filled(4096, 0), Arrays.copyOfRange(whole, 64 * 512, 4160 * 512));
        assertArrayEquals(filled(4032, 9), Arrays.copyOfRange(whole, 4160 * 512, 8192 * 512));
    }

    @Test
    void impossibleDiscardsAreErrors() {
        connect(config());
        long[][] ranges = {{SECTORS, 1}, {0, SECTORS + 1}, {SECTORS - 1, 2}, {-1, 1}, {0, -1}, {1, Long.MAX_VALUE},
            {Long.MAX_VALUE, Long.MAX_VALUE}, {Long.MIN_VALUE, 8}, {8, Long.MIN_VALUE}};
        for (long[] range : ranges) {
            assertEquals(Blkif.RSP_ERROR, status(frontend.claim().discard(range[0], range[1])),
                () -> Arrays.toString(range));
        }
        assertEquals(Blkif.RSP_OKAY, status(frontend.claim().discard(SECTORS, 0)));
        servesOn();
    }

    @Test
    void aSecureDiscardThatIsNotOfferedIsAnOrdinaryOne() {
        connect(config());
        assertEquals(Blkif.RSP_OKAY, status(frontend.claim().put(filled(8, 9)).write(0, 8)));
        assertEquals(Blkif.RSP_OKAY, status(frontend.claim().secureDiscard(0, 8)));
        servesOn();
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 11})
    void flagsOfADiscardThatNobodyKnowsAreNothingToIt(int flag) {
        connect(config());
        // Where another request has its segments; these numbers would be impossible ones.
        for (long count : new long[] {8, 0}) {
            assertEquals(Blkif.RSP_OKAY, status(frontend.claim().discard(0, count, flag)));
        }
        servesOn();
    }

    @Test
    void aDiskThatMayNotBeDiscardedRefuses() {
        disk = disk.with(DiskOptions.USUAL.discard(false));
        connect(config());
        assertFalse(frontend.features().discard());
        assertEquals(Blkif.RSP_EOPNOTSUPP, status(frontend.claim().discard(0, 8)));
        servesOn();
    }

    @Test
    void aReadOnlyDiskIsNotWrittenByAnyOfThem() {
        disk = disk.asReadOnly();
        connect(config().limit(2, 16));
        assertTrue(frontend.disk().isReadOnly());
        assertFalse(frontend.features().discard());
        assertEquals(Blkif.RSP_OKAY, status(frontend.claim().read(0, 128)));
        assertEquals(Blkif.RSP_ERROR, status(frontend.claim().write(0, 128)));
        assertEquals(Blkif.RSP_ERROR, status(frontend.claim().barrier(0, 8)));
        assertEquals(Blkif.RSP_ERROR, status(frontend.claim().flush(0, 8)));
        assertTrue(status(frontend.claim().discard(0, 8)) < 0);
    }

    @Test
    void barriersAndFlushesCarryTheirData() throws IOException {
        connect(config());
        assertEquals(Blkif.RSP_OKAY, status(frontend.claim().put(filled(88, 3)).barrier(8, 88)));
        assertEquals(Blkif.RSP_OKAY, status(frontend.claim().put(filled(2, 4)).flush(100, 2)));
        assertEquals(Blkif.RSP_OKAY, status(frontend.claim().barrier()));
        byte[] whole = Files.readAllBytes(image);
        assertArrayEquals(filled(88, 3), Arrays.copyOfRange(whole, 8 * 512, 96 * 512));
        assertArrayEquals(filled(2, 4), Arrays.copyOfRange(whole, 100 * 512, 102 * 512));
    }

    /** Writes to one sector that are in flight together may end in any order, but not around a barrier. */
    @Test
    void aBarrierKeepsWhatIsBeforeItBeforeAndWhatIsAfterItAfter() {
        connect(config().withRingOrder(2).limit(96, 4));
        for (int round = 0; round < 50; round++) {
            for (int i = 0; i < 16; i++) {
                frontend.submit(frontend.claim().put(filled(32, round)).write(0, 32));
            }
            frontend.submit(frontend.claim().put(filled(8, round + 1)).barrier(0, 8));
            frontend.submit(frontend.claim().put(filled(8, round + 2)).write(8, 8));
            frontend.kick();
            reapOkay(18);
            FrontRequest read = frontend.claim().read(0, 32);
            assertEquals(Blkif.RSP_OKAY, frontend.execute(read, PATIENCE_MS));
            byte[] found = new byte[32 * 512];
            read.get(found);
            assertArrayEquals(filled(8, round + 1), Arrays.copyOf(found, 8 * 512), "barrier of round " + round);
            assertArrayEquals(filled(8, round + 2), Arrays.copyOfRange(found, 8 * 512, 16 * 512), "round " + round);
            assertArrayEquals(filled(16, round), Arrays.copyOfRange(found, 16 * 512, 32 * 512), "round " + round);
            frontend.release(read);
        }
    }

    private void reapOkay(int count) {
        for (int i = 0; i < count; i++) {
            assertTrue(frontend.await(PATIENCE_MS));
            FrontRequest answered = frontend.reap();
            assertTrue(answered.isOkay());
            frontend.release(answered);
        }
    }
}
