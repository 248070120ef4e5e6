// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import org.blkbackd.ioengine.IoRequest.Operation;

/** Counts the heap bytes that requests cost on the owner's thread and on the I/O threads. */
final class AllocationProbe {

    /** What the JVM itself may spend meanwhile (compilation); below a byte a request. */
    private static final long ALLOWANCE_BYTES = 16 * 1024;
    private static final int DEPTH = 8;

    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private final IoEngine engine;
    private final IoRequest[] requests = new IoRequest[DEPTH];
    private final IoMemory memory;

    AllocationProbe(EngineDriver driver, IoMemory memory) {
        engine = driver.engine();
        this.memory = memory;
        for (int i = 0; i < DEPTH; i++) {
            requests[i] = new IoRequest(2);
        }
    }

    /** Polls instead of sleeping: what a test's semaphore allocates would be counted too. */
    void assertNoneIn(int count) {
        round(count);
        long[] ids = observed();
        long[] before = threads.getThreadAllocatedBytes(ids);
        long own = threads.getThreadAllocatedBytes(Thread.currentThread().getId());
        round(count);
        own = threads.getThreadAllocatedBytes(Thread.currentThread().getId()) - own;
        long[] after = threads.getThreadAllocatedBytes(ids);
        assertTrue(own < ALLOWANCE_BYTES, own + " bytes on the owner's thread");
        for (int i = 0; i < ids.length; i++) {
            long spent = after[i] - before[i];
            assertTrue(spent < ALLOWANCE_BYTES, spent + " bytes on an I/O thread");
        }
    }

    private void round(int count) {
        for (int i = 0; i < count; i += DEPTH) {
            for (int lane = 0; lane < DEPTH; lane++) {
                prepare(lane);
                assertTrue(engine.submit(requests[lane]));
            }
            engine.kick();
            int left = DEPTH;
            while (left > 0) {
                IoRequest done = engine.reap();
                if (done == null) {
                    Thread.yield();
                } else {
                    assertEquals(0, done.result());
                    left--;
                }
            }
        }
    }

    private void prepare(int lane) {
        IoRequest request = requests[lane];
        request.prepare(lane % 2 == 0 ? Operation.READ : Operation.WRITE, lane * 8192L + (lane == 1 ? 512 : 0));
        request.add(memory.address() + lane * 16384L, 4096);
        request.add(memory.address() + lane * 16384L + 8192, 512);
    }

    private static long[] observed() {
        Thread[] all = new Thread[Thread.activeCount() + 50];
        int count = Thread.enumerate(all);
        return Arrays.stream(all, 0, count)
            .filter(thread -> thread.getName().startsWith("blkbackd-io-"))
            .mapToLong(Thread::getId)
            .toArray();
    }
}
