// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.blkbackd.ioengine.IoRequest.Operation;

/** Batches of random reads and writes that do not overlap within a batch, checked against an array. */
final class RandomIo {

    private static final int SECTOR = 512;
    private static final int PIECES = 6;
    private static final int SPAN = PIECES * 4096;

    private final EngineDriver driver;
    private final IoMemory memory;
    private final Random random;
    private final byte[] oracle;
    private final List<IoRequest> batch = new ArrayList<>();
    private final List<long[]> busy = new ArrayList<>();

    RandomIo(DiskInfo info, EngineDriver driver, IoMemory memory, long seed) {
        this.driver = driver;
        this.memory = memory;
        random = new Random(seed);
        oracle = new byte[(int) info.sizeBytes()];
    }

    void run(int batches) {
        fillDisk();
        for (int i = 0; i < batches; i++) {
            runBatch(1 + random.nextInt(12));
        }
    }

    /** A new disk is not always a zeroed one. */
    private void fillDisk() {
        random.nextBytes(oracle);
        int chunk = 64 * 1024;
        for (int at = 0; at < oracle.length; at += chunk) {
            int bytes = Math.min(chunk, oracle.length - at);
            memory.buffer(0, bytes).put(oracle, at, bytes);
            assertEquals(0, driver.run(EngineDriver.request(Operation.WRITE, at, memory.address(), bytes)));
        }
    }

    private void runBatch(int requests) {
        batch.clear();
        busy.clear();
        for (int i = 0; i < requests; i++) {
            IoRequest request = randomRequest(i);
            if (request != null) {
                batch.add(request);
                assertTrue(driver.engine().submit(request));
            }
        }
        driver.engine().kick();
        for (int i = 0; i < batch.size(); i++) {
            IoRequest done = driver.await();
            assertEquals(0, done.result(), done.operation() + " at " + done.offsetBytes());
        }
        batch.stream().filter(r -> r.operation() == Operation.READ).forEach(this::verify);
    }

    private IoRequest randomRequest(int lane) {
        IoRequest request = new IoRequest(PIECES);
        long sectors = oracle.length / SECTOR;
        // every third request lies at the end of the disk, where the last block is a partial one
        long first = random.nextInt(3) == 0 ? sectors - 1 - random.nextInt(16) : random.nextInt((int) sectors);
        request.prepare(random.nextBoolean() ? Operation.READ : Operation.WRITE, first * SECTOR);
        long address = memory.address() + (long) lane * 2 * SPAN + random.nextInt(3) * SECTOR + oddShift();
        long left = oracle.length - first * SECTOR;
        for (int i = 0; i <= random.nextInt(PIECES) && left > 0; i++) {
            int bytes = (int) Math.min(left, (1 + random.nextInt(8)) * SECTOR);
            request.add(address, bytes);
            address += bytes + random.nextInt(2) * SECTOR;
            left -= bytes;
        }
        long end = request.offsetBytes() + request.lengthBytes();
        if (busy.stream().anyMatch(range -> request.offsetBytes() < range[1] && range[0] < end)) {
            return null;
        }
        busy.add(new long[] {request.offsetBytes(), end});
        if (request.operation() == Operation.WRITE) {
            fill(request);
        }
        return request;
    }

    /** Memory "needs no alignment". */
    private int oddShift() {
        return random.nextInt(8) == 0 ? 1 + random.nextInt(63) : 0;
    }

    private void fill(IoRequest request) {
        int at = (int) request.offsetBytes();
        for (int i = 0; i < request.pieces(); i++) {
            byte[] bytes = new byte[request.length(i)];
            random.nextBytes(bytes);
            memory.buffer(request.address(i) - memory.address(), bytes.length).put(bytes);
            System.arraycopy(bytes, 0, oracle, at, bytes.length);
            at += bytes.length;
        }
    }

    private void verify(IoRequest request) {
        int at = (int) request.offsetBytes();
        for (int i = 0; i < request.pieces(); i++) {
            byte[] bytes = new byte[request.length(i)];
            memory.buffer(request.address(i) - memory.address(), bytes.length).get(bytes);
            assertTrue(Arrays.equals(bytes, 0, bytes.length, oracle, at, at + bytes.length),
                "read at " + request.offsetBytes() + " piece " + i);
            at += bytes.length;
        }
    }
}
