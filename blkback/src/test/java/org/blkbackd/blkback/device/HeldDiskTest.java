// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.device;

import static org.awaitility.Awaitility.await;
import static org.blkbackd.blkback.device.HostRig.PATIENCE_MS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.blkbackd.blkback.sim.DiskConfig;
import org.blkbackd.blkback.sim.FrontQueue;
import org.blkbackd.blkback.sim.FrontRequest;
import org.blkbackd.blkback.sim.FrontendConfig;
import org.blkbackd.blkback.sim.SimFrontend;
import org.blkbackd.ioengine.IoRequest;
import org.blkbackd.ioengine.IoRequest.Operation;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A disk with two rings, of which either holds requests, of several kinds. */
class HeldDiskTest {

    private static final int SIZE = 1 << 20;
    private static final int ENOSPC = 28;
    private static final int EIO = 5;

    @TempDir
    private Path dir;
    private final FaultyFiles faulty = new FaultyFiles();
    /** Of each ring, which writes to a block of its own. */
    private final boolean[] full = new boolean[2];
    private HostRig host;
    private DiskConfig disk;
    private SimFrontend frontend;

    private void start() {
        host = new HostRig(dir, faulty);
        disk = DiskConfig.vbd(1, "xvda", "faulty:" + host.image("a.img", SIZE));
        host.domain(1);
        host.toolstack.attach(disk);
        frontend = new SimFrontend(host.guest(1), host.domain(1),
            FrontendConfig.of(disk.devid()).withQueues(2));
        frontend.connect(PATIENCE_MS);
        faulty.disk.faults().fail(this::isFull, ENOSPC);
    }

    private synchronized boolean isFull(IoRequest request) {
        return request.operation() == Operation.WRITE && full[(int) (request.offsetBytes() / 4096)];
    }

    private synchronized void full(int ring, boolean now) {
        full[ring] = now;
    }

    @AfterEach
    void leavesNothing() {
        assertEquals(0, frontend.violations());
        host.toolstack.detachForced(disk);
        frontend.crash();
        host.nothingIsLeft();
        host.close();
    }

    private void submit(int ring, FrontRequest request) {
        FrontQueue queue = frontend.queue(ring);
        queue.submit(request);
        queue.kick();
    }

    private void write(int ring) {
        submit(ring, frontend.queue(ring).claim().put(new byte[4096]).write(8L * ring, 8));
    }

    private void flush(int ring) {
        submit(ring, frontend.queue(ring).claim().flush());
    }

    private void answered(int ring) {
        HostRig.answered(frontend, ring);
    }

    private void held(int count) {
        await().atMost(PATIENCE_MS, TimeUnit.MILLISECONDS).until(() -> host.held(0) == count);
    }

    @Test
    void whatOneRingHoldsIsTriedAgainAfterAnotherHasDoneItsOwn() {
        start();
        full(0, true);
        full(1, true);
        write(0);
        write(1);
        held(2);
        full(0, false);
        answered(0);
        held(1);
        full(1, false);
        answered(1);
        held(0);
    }

    @Test
    void aFlushThatFailsBesideAWriteHasTheDiskOpenedAnew() throws Exception {
        start();
        full(0, true);
        write(0);
        held(1);
        faulty.disk.faults().fail(Operation.FLUSH, EIO);
        flush(0);
        held(2);
        full(0, false);
        assertEquals(new VbdTrouble.Retried(2, null), host.retry(disk));
        answered(0);
        answered(0);
        held(0);
        assertEquals(2, faulty.opened);
    }

    @Test
    void aFlushOfOneRingKeepsTheOtherFromNothing() throws Exception {
        start();
        full(0, true);
        write(0);
        faulty.disk.faults().fail(Operation.FLUSH, EIO);
        flush(1);
        held(2);
        full(0, false);
        host.retry(disk);
        answered(0);
        answered(1);
        assertEquals(2, faulty.opened);
    }

    @Test
    void withoutAJournalAFailedFlushCannotBeTriedAgain() throws Exception {
        Files.createFile(dir.resolve("journal"));
        start();
        faulty.disk.faults().fail(Operation.FLUSH, EIO);
        flush(0);
        held(1);
        VbdTrouble.Retried refused = host.retry(disk);
        assertEquals(0, refused.requests());
        assertTrue(refused.failure().contains("without a journal"), refused.failure());
        write(1);
        answered(1);
        assertEquals(1, faulty.opened);
        Files.delete(dir.resolve("journal"));
    }

    /** Opening it anew was asked for, and another process comes between. */
    @Test
    void aDiskThatChangesHandsIsNotOpenedAnewHere() throws Exception {
        start();
        faulty.disk.faults().fail(Operation.FLUSH, EIO);
        flush(0);
        held(1);
        faulty.disk.faults().hold(request -> request.operation() == Operation.WRITE);
        write(1);
        await().until(() -> faulty.disk.faults().held() == 1);
        assertEquals(new VbdTrouble.Retried(1, null), host.retry(disk));
        HandOver handOver = host.conductor().handOver();
        handOver.suspend().get(PATIENCE_MS, TimeUnit.MILLISECONDS);
        Future<?> released = handOver.release("vbd-1-" + disk.devid());
        host.held(0);
        faulty.disk.faults().release();
        released.get(PATIENCE_MS, TimeUnit.MILLISECONDS);
        await().during(300, TimeUnit.MILLISECONDS).until(() -> faulty.opened == 1);
        assertEquals(0, host.domain(1).mappedGrants());
        handOver.resume("vbd-1-" + disk.devid()).get(PATIENCE_MS, TimeUnit.MILLISECONDS);
        handOver.unsuspend();
        answered(0);
        answered(1);
        assertEquals(2, faulty.opened);
    }

    /** A domain that dies stays a zombie while its pages are mapped. */
    @Test
    void aDomainThatEndsDoesNotWaitForTheLastFlush() throws IOException {
        start();
        faulty.disk.faults().hold(request -> request.operation() == Operation.FLUSH);
        host.guest(1).write(disk.frontendPath() + "/state", "6");
        await().until(() -> faulty.disk.faults().held() == 2);
        assertTrue(host.domain(1).mappedGrants() > 0);
        host.dom0.remove(disk.frontendPath());
        await().until(() -> host.domain(1).mappedGrants() == 0);
        assertEquals(2, faulty.disk.faults().held());
        faulty.disk.faults().release();
    }
}
