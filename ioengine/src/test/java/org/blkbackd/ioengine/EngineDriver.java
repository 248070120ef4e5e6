// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine;

import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/** The owner of one engine, as a test sees it: sleeps until it is woken, never polls. */
public final class EngineDriver implements AutoCloseable {

    private static final int TIMEOUT_SECONDS = 30;

    private final Semaphore wakeups = new Semaphore(0);
    private final IoEngine engine;

    public EngineDriver(Disk disk, int depth) {
        engine = disk.newEngine(depth, wakeups::release);
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
        while (done == null) {
            try {
                assertTrue(wakeups.tryAcquire(TIMEOUT_SECONDS, TimeUnit.SECONDS), "nothing completed");
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
            done = engine.reap();
        }
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
        drain();
        engine.close();
    }
}
