// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.blkbackd.ioengine.Disk;
import org.blkbackd.ioengine.EngineDriver;
import org.blkbackd.ioengine.IoRequest;
import org.blkbackd.ioengine.IoRequest.Operation;
import org.blkbackd.ioengine.file.FaultyFileIo.Intervention;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Stops a read-modify-write between its read and its write back, and lets others come. */
class ReadModifyWriteTest {

    private static final int BLOCK = 4096;
    private static final int GRACE_MS = 200;

    private final FileFixture files = FileFixture.with4096();
    private final CountDownLatch hasRead = new CountDownLatch(1);
    private final CountDownLatch mayWrite = new CountDownLatch(1);
    private final AtomicInteger changes = new AtomicInteger();
    private Disk disk;
    private EngineDriver first;
    private EngineDriver second;

    @BeforeEach
    void stopAPartialWrite() throws Exception {
        disk = files.open("direct", files.images.create(FileFixture.SIZE));
        first = new EngineDriver(disk, 4);
        second = new EngineDriver(disk, 4);
        files.io.intervene((call, fd, offset, bytes) -> {
            if ((call.equals("write") || call.equals("punch")) && changes.incrementAndGet() == 1) {
                hasRead.countDown();
                FlushTest.await(mayWrite);
            }
            return Intervention.PASS;
        });
        fill(0, BLOCK, 1);
        first.start(request(Operation.WRITE, 512, 0, 512));
        assertTrue(hasRead.await(30, TimeUnit.SECONDS));
    }

    @AfterEach
    void close() {
        mayWrite.countDown();
        if (disk != null) {
            first.close();
            second.close();
            disk.close();
        }
        files.close();
    }

    @Test
    void anAlignedWriteOfTheBlockWaits() throws Exception {
        fill(BLOCK, BLOCK, 2);
        second.start(request(Operation.WRITE, 0, BLOCK, BLOCK));
        finishBoth();
        assertBlock(2, 2, 2);
    }

    @Test
    void anAlignedWriteOverManyBlocksWaitsForTheOne() throws Exception {
        fill(BLOCK, 4 * BLOCK, 2);
        second.start(request(Operation.WRITE, 0, BLOCK, 4 * BLOCK));
        finishBoth();
        assertBlock(2, 2, 2);
    }

    @Test
    void anotherPartialWriteOfTheBlockWaits() throws Exception {
        fill(BLOCK, BLOCK, 2);
        second.start(request(Operation.WRITE, 1024, BLOCK, 512));
        finishBoth();
        assertBlock(0, 1, 2);
    }

    @Test
    void aDiscardOfTheBlockWaits() throws Exception {
        IoRequest discard = new IoRequest(1);
        discard.prepareDiscard(0, BLOCK);
        second.start(discard);
        finishBoth();
        assertBlock(0, 0, 0);
    }

    @Test
    void neighbourBlocksAndReadersDoNotWait() {
        fill(BLOCK, BLOCK, 2);
        assertEquals(0, second.run(request(Operation.WRITE, BLOCK, BLOCK, BLOCK)));
        assertEquals(0, second.run(request(Operation.WRITE, BLOCK + 512, BLOCK, 512)));
        assertEquals(0, second.run(request(Operation.READ, 0, BLOCK, BLOCK)));
        assertEquals(0, second.run(EngineDriver.flush()));
        mayWrite.countDown();
        assertEquals(0, first.await().result());
    }

    /** The other gets time to do what it must not; on a slow machine this misses a fault, but never invents one. */
    private void finishBoth() throws Exception {
        Thread.sleep(GRACE_MS);
        assertEquals(1, changes.get(), "it did not wait");
        assertNull(second.engine().reap());
        mayWrite.countDown();
        assertEquals(0, first.await().result());
        assertEquals(0, second.await().result());
    }

    private void assertBlock(int sector0, int sector1, int sector2) {
        assertEquals(0, first.run(request(Operation.READ, 0, 0, BLOCK)));
        ByteBuffer block = files.memory.buffer(0, BLOCK);
        int[] expected = {sector0, sector1, sector2};
        for (int i = 0; i < 3 * 512; i++) {
            assertEquals(expected[i / 512], block.get(i), "byte " + i);
        }
    }

    private IoRequest request(Operation operation, long offset, int memoryAt, int bytes) {
        return EngineDriver.request(operation, offset, files.memory.address() + memoryAt, bytes);
    }

    private void fill(int at, int bytes, int value) {
        ByteBuffer buffer = files.memory.buffer(at, bytes);
        for (int i = 0; i < bytes; i++) {
            buffer.put(i, (byte) value);
        }
    }
}
