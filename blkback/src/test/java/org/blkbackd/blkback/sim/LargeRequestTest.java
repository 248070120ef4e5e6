// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.sim;

import static org.blkbackd.blkback.sim.FrontendRig.DISK;
import static org.blkbackd.blkback.sim.FrontendRig.PATIENCE_MS;
import static org.blkbackd.blkback.sim.FrontendRig.config;
import static org.blkbackd.blkback.sim.FrontendRig.dataGoesThereAndBack;
import static org.blkbackd.blkback.sim.FrontendRig.status;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.blkbackd.blkback.blkif.Blkif;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Requests beyond a plain read, write and empty flush, as a backend double reads them. */
class LargeRequestTest {

    @TempDir
    private Path folder;
    private FrontendRig rig;

    @BeforeEach
    void open() {
        rig = new FrontendRig(folder, DoubleBackend.Fault.NONE);
    }

    @AfterEach
    void close() {
        rig.close();
    }

    private DoubleRequest seen() {
        return rig.backend.queues.get(0).request;
    }

    @ParameterizedTest
    @ValueSource(ints = {11, 12, 255, 256})
    void moreThanElevenPagesGoOutAsAnIndirectRequest(int pages) {
        for (FrontendConfig config : List.of(FrontendConfig.of(DISK.devid()),
            FrontendConfig.x86With32Bits(DISK.devid()))) {
            SimFrontend frontend = new SimFrontend(rig.guest, rig.domain, config.limit(1, pages));
            frontend.kexecReconnect(PATIENCE_MS);
            dataGoesThereAndBack(frontend, pages * 8 - 3, pages);
            assertEquals(pages > 11, seen().indirect);
            assertEquals(pages, seen().segments());
            assertEquals(Blkif.OP_READ, seen().operation);
            assertEquals(51712, seen().handle);
            frontend.close();
            assertEquals(0, rig.domain.grantsInUse());
        }
    }

    @Test
    void aFewSegmentsMayBeIndirectToo() {
        SimFrontend frontend = rig.connected(config());
        FrontRequest request = frontend.claim();
        byte[] data = new byte[1024];
        new Random(1).nextBytes(data);
        request.page(0).put(512, data, 0, 512);
        request.page(1).put(7 * 512, data, 512, 512);
        request.prepareIndirect(Blkif.OP_WRITE, 5).segment(1, 1).segment(7, 7);
        assertTrue(request.isIndirect());
        assertEquals(Blkif.RSP_OKAY, frontend.execute(request, PATIENCE_MS));
        assertEquals(2, seen().segments());
        assertEquals(request.pageRef(1), request.descriptorPage(0).getInt(8));
        request.read(5, 2);
        assertEquals(Blkif.RSP_OKAY, frontend.execute(request, PATIENCE_MS));
        assertFalse(seen().indirect);
        byte[] read = new byte[1024];
        request.get(read);
        assertArrayEquals(data, read);
    }

    @Test
    void eightDescriptorPagesHold4096Segments() {
        SimFrontend frontend = rig.connected(config());
        int before = rig.domain.grantsInUse();
        FrontRequest request = frontend.claim().prepareIndirect(Blkif.OP_READ, 0);
        for (int i = 0; i < 4096; i++) {
            request.segment(i % 8, i % 8);
        }
        assertEquals(4096, request.sectors());
        assertEquals(Blkif.RSP_ERROR, frontend.execute(request, PATIENCE_MS), "twice the size of the disk");
        assertEquals(4096, seen().segments());
        assertEquals(before + 8, rig.domain.grantsInUse());
        request.prepareIndirect(Blkif.OP_READ, 0).segment(0, 7).claimSegments(513).descriptorRef(1, 77_777);
        frontend.submit(request);
        assertEquals("060001020000", hex(frontend, 6));
        assertEquals(77_777, rawInt(frontend, 28 + 4));
        frontend.crash();
    }

    private String hex(SimFrontend frontend, int length) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < length; i++) {
            text.append(String.format("%02x", frontend.ring().byteAt(64 + 112 + i)));
        }
        return text.toString();
    }

    private int rawInt(SimFrontend frontend, int offset) {
        int value = 0;
        for (int i = 3; i >= 0; i--) {
            value = value << 8 | frontend.ring().byteAt(64 + 112 + offset + i);
        }
        return value;
    }

    @Test
    void discardsAreCounted() {
        for (FrontendConfig config : List.of(config(), FrontendConfig.x86With32Bits(DISK.devid()).limit(4, 2))) {
            SimFrontend frontend = new SimFrontend(rig.guest, rig.domain, config);
            frontend.kexecReconnect(PATIENCE_MS);
            FrontQueue queue = frontend.queue(0);
            byte[] data = new byte[16 * 512];
            Arrays.fill(data, (byte) 7);
            assertEquals(Blkif.RSP_OKAY, status(queue, queue.claim().put(data).write(0, 16)));
            assertEquals(Blkif.RSP_OKAY, status(queue, queue.claim().discard(3, 5)));
            assertEquals(0, seen().flag);
            FrontRequest read = queue.claim().read(0, 16);
            assertEquals(Blkif.RSP_OKAY, queue.execute(read, PATIENCE_MS));
            read.get(data);
            for (int i = 0; i < 16; i++) {
                assertEquals(i >= 3 && i < 8 ? 0 : 7, data[i * 512 + 511], "sector " + i);
            }
            assertEquals(Blkif.RSP_OKAY, status(queue, read.secureDiscard(0, 1)));
            assertEquals(1, seen().flag);
            assertEquals(Blkif.RSP_ERROR, status(queue, queue.claim().discard(1, DoubleBackend.SECTORS)));
            frontend.close();
        }
    }

    @Test
    void barriersAndFlushesMayHaveData() {
        SimFrontend frontend = rig.connected(config());
        FrontQueue queue = frontend.queue(0);
        byte[] data = new byte[1024];
        Arrays.fill(data, (byte) 9);
        assertEquals(Blkif.RSP_OKAY, status(queue, queue.claim().put(data).barrier(8, 2)));
        assertEquals(Blkif.OP_WRITE_BARRIER, seen().operation);
        assertEquals(1, seen().segments());
        Arrays.fill(data, (byte) 10);
        assertEquals(Blkif.RSP_OKAY, status(queue, queue.claim().put(data).flush(10, 2)));
        assertEquals(Blkif.OP_FLUSH_DISKCACHE, seen().operation);
        assertEquals(Blkif.RSP_OKAY, status(queue, queue.claim().barrier()));
        assertEquals(0, seen().segments());
        FrontRequest read = queue.claim().read(8, 4);
        assertEquals(Blkif.RSP_OKAY, queue.execute(read, PATIENCE_MS));
        assertEquals(9, read.page(0).get(1023));
        assertEquals(10, read.page(0).get(1024));
        assertThrows(IllegalArgumentException.class, () -> read.barrier(0, 17), "more than its pages");
    }

    @Test
    void anIndirectAnswerMustBearTheInnerOperation() {
        SimFrontend frontend = rig.connected(config());
        rig.backend.fault = DoubleBackend.Fault.OUTER_OPERATION;
        FrontRequest request = frontend.claim().prepareIndirect(Blkif.OP_READ, 0).segment(0, 7);
        assertThrows(ProtocolViolation.class, () -> frontend.execute(request, PATIENCE_MS));
        assertEquals(1, frontend.violations());
    }

    @Test
    void anAnswerOnTheWrongRingIsFoundOut() {
        rig.offers("multi-queue-max-queues", 2);
        SimFrontend frontend = rig.connected(config().withQueues(2));
        rig.backend.fault = DoubleBackend.Fault.WRONG_QUEUE;
        FrontQueue other = frontend.queue(1);
        other.submit(other.claim().prepare(Blkif.OP_READ, 0).segment(0, 7));
        frontend.submit(frontend.claim().prepare(Blkif.OP_READ, 0).segment(0, 7));
        frontend.kick();
        other.kick();
        assertThrows(ProtocolViolation.class, () -> {
            while (frontend.inFlight() > 0) {
                other.await(PATIENCE_MS);
                other.reap();
            }
        });
        assertTrue(frontend.violations() >= 1);
    }
}
