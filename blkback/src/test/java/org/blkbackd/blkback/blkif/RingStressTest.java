// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.blkif;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import java.nio.ByteBuffer;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.blkbackd.blkback.sim.FrontResponse;
import org.blkbackd.blkback.sim.FrontRing;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Both ends on threads of their own. Each sleeps only after its final check and is woken only by a push that said so: a
 * fence or an off-by-one missing on either side shows as a sleeper that nobody wakes.
 */
class RingStressTest {

    private static final long HANG_SECONDS = 30;
    /** Idle rounds before a final check are random below this: so the checks of both ends meet every which way. */
    private static final int PATIENCE = 100;

    private final Semaphore frontBell = new Semaphore(0);
    private final Semaphore backBell = new Semaphore(0);

    @ParameterizedTest
    @CsvSource({"NATIVE, 4096, 32, 1000000, -500000", "X86_32, 16384, 128, 500000, 2147233648",
        "X86_32, 4096, 3, 1000000, 0", "NATIVE, 4096, 1, 500000, -250000"})
    void noWakeUpIsLostAndNoRequest(BlkifAbi abi, int bytes, int depth, int total, int first) throws Exception {
        ByteBuffer memory = Bytes.memory(bytes, 0);
        FrontRing front = new FrontRing(memory, abi, first);
        BackRing back = new BackRing(new SharedRing(memory, abi));
        FutureTask<Void> backend = new FutureTask<>(() -> {
            serve(back, total, new Random(first));
            return null;
        });
        Thread thread = new Thread(backend, "stress-backend");
        thread.setDaemon(true);
        thread.start();
        try {
            drive(front, depth, total, new Random(total));
        } catch (AssertionError e) {
            if (backend.isDone()) {
                rethrow(backend, e);
            }
            throw e;
        }
        backend.get(HANG_SECONDS, TimeUnit.SECONDS);
    }

    private static void rethrow(FutureTask<Void> backend, AssertionError front) throws Exception {
        try {
            backend.get();
        } catch (ExecutionException e) {
            e.addSuppressed(front);
            throw e;
        }
    }

    private void drive(FrontRing front, int depth, int total, Random random) throws InterruptedException {
        byte[] state = new byte[total];
        FrontResponse response = new FrontResponse();
        int issued = 0;
        int answered = 0;
        int patience = 0;
        while (answered < total) {
            int room = Math.min(Math.min(front.free(), depth - (issued - answered)), total - issued);
            if (room > 0 && random.nextInt(3) > 0) {
                for (int batch = 1 + random.nextInt(room); batch > 0; batch--, issued++) {
                    state[issued] = 1;
                    issue(front, issued);
                }
                if (front.push()) {
                    backBell.release();
                }
            }
            int before = answered;
            while (front.take(response)) {
                assertEquals(1, state[(int) response.id()], "a second answer, or one to nobody");
                assertEquals(operation(response.id()), response.operation());
                assertEquals((short) mix(response.id()), response.status());
                state[(int) response.id()] = 2;
                answered++;
            }
            patience = answered == before ? patience - 1 : random.nextInt(PATIENCE);
            if (patience < 0 && answered < issued && !front.finalCheck()) {
                sleep(frontBell, "frontend with " + answered + " of " + issued + " answered");
            }
        }
    }

    private static void issue(FrontRing front, int id) {
        int slot = front.claim();
        front.header(slot, operation(id), 11, id, mix(id));
        for (int i = 0; i < 11; i++) {
            front.segment(slot, i, (int) mix(id) + i, i, i + 1);
        }
    }

    private void serve(BackRing back, int total, Random random) throws InterruptedException {
        long[] pending = new long[1024];
        BlkifRequest request = new BlkifRequest();
        int waiting = 0;
        int answered = 0;
        int patience = 0;
        while (answered < total) {
            int available = back.available();
            if (available == BackRing.OVERFLOW) {
                fail("overflow after " + answered);
            }
            for (int i = 0; i < available; i++) {
                back.consume(request);
                check(request);
                pending[waiting++] = request.id();
            }
            // Out of order, and some only in a later round.
            int now = available == 0 ? waiting : random.nextInt(waiting + 1);
            for (int i = 0; i < now; i++) {
                int pick = random.nextInt(waiting);
                long id = pending[pick];
                pending[pick] = pending[--waiting];
                back.respond(id, operation(id), (short) mix(id));
                answered++;
            }
            if (back.push()) {
                frontBell.release();
            }
            patience = available == 0 ? patience - 1 : random.nextInt(PATIENCE);
            if (patience < 0 && waiting == 0 && answered < total && !back.finalCheck()) {
                sleep(backBell, "backend after " + answered);
            }
        }
    }

    /** Any but INDIRECT, whose fields lie elsewhere. */
    private static int operation(long id) {
        int any = (int) mix(id) & 0xFF;
        return any == Blkif.OP_INDIRECT ? Blkif.OP_READ : any;
    }

    private static void check(BlkifRequest request) {
        long id = request.id();
        if (request.sector() != mix(id) || request.operation() != operation(id)
            || request.grantRef(10) != (int) mix(id) + 10 || request.lastSector(10) != 11) {
            fail("request " + id + " was torn");
        }
    }

    private static void sleep(Semaphore bell, String who) throws InterruptedException {
        if (!bell.tryAcquire(HANG_SECONDS, TimeUnit.SECONDS)) {
            fail("lost wake-up: " + who);
        }
        bell.drainPermits();
    }

    private static long mix(long value) {
        long hash = value * 0x9E3779B97F4A7C15L;
        return hash ^ hash >>> 29;
    }
}
