// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine;

import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** The owner of one engine, as a test sees it: sleeps until it is woken, never polls. */
public final class EngineDriver implements AutoCloseable {

    private static final long TIMEOUT_NS = 30_000_000_000L;

    private final IoLoop loop;
    private final IoEngine engine;
    private boolean closed;

    /** Owned by the thread that uses it first. */
    public EngineDriver(Disk disk, int depth) {
        loop = LoopedDisk.loopFor(disk);
        engine = disk.newEngine(depth, loop);
    }

    public IoEngine engine() {
        return engine;
    }

    /** Submits and kicks. */
    public void start(IoRequest request) {
        assertTrue(engine.submit(request), "the engine is full");
        engine.kick();
    }

    /** The next completion, waited for. */
    public IoRequest await() {
        IoRequest done = engine.reap();
        long began = System.nanoTime();
        while (done == null) {
            loop.announceSleep();
            done = engine.reap();
            if (done == null) {
                loop.sleep(TIMEOUT_NS);
                done = engine.reap();
            }
            assertTrue(done != null || System.nanoTime() - began < TIMEOUT_NS, "nothing completed");
        }
        loop.stayAwake();
        return done;
    }

    /** Runs one request to its end and returns its result. */
    public long run(IoRequest request) {
        start(request);
        IoRequest done = await();
        assertNotNull(done);
        assertTrue(done == request, "another request completed");
        return done.result();
    }

    /** Waits for everything in flight. */
    public void drain() {
        while (engine.inFlight() > 0) {
            await();
        }
    }

    /** A prepared request with one piece of memory. */
    public static IoRequest request(IoRequest.Operation operation, long offset, long address, int bytes) {
        IoRequest request = new IoRequest(1);
        request.prepare(operation, offset);
        if (bytes > 0) {
            request.add(address, bytes);
        }
        return request;
    }

    /** A prepared flush. */
    public static IoRequest flush() {
        return request(IoRequest.Operation.FLUSH, 0, 0, 0);
    }

    @Override
    public void close() {
        if (!closed) {
            drain();
            engine.close();
            loop.close();
            closed = true;
        }
    }
}
