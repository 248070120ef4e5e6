// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.ring;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.blkbackd.blkback.blkif.Blkif;
import org.blkbackd.blkback.blkif.BlkifAbi;
import org.blkbackd.blkback.blkif.DiskLimits;
import org.blkbackd.blkback.blkif.ErrorPolicy;
import org.blkbackd.blkback.blkif.RateLimits;
import org.blkbackd.blkback.journal.RingJournal;
import org.blkbackd.blkback.sim.FrontResponse;
import org.blkbackd.blkback.sim.FrontRing;
import org.blkbackd.grant.EventChannels;
import org.blkbackd.grant.sim.GuestPage;
import org.blkbackd.grant.sim.SimDomain;
import org.blkbackd.grant.sim.SimHypervisor;
import org.blkbackd.ioengine.Disk;
import org.blkbackd.ioengine.IoLoop;
import org.blkbackd.ioengine.IoRequest;
import org.blkbackd.ioengine.loop.PollLoop;

/** A worker with one ring, and a guest that writes the ring's bytes by hand. */
final class RingRig implements AutoCloseable {

    static final int DOMID = 1;
    private static final long PATIENCE_S = 20;

    final SimHypervisor hypervisor;
    final SimDomain guest;
    final FrontRing front;
    final GuestPage ringPage;
    final int ringRef;
    final List<GuestPage> pages = new ArrayList<>();
    final List<Integer> refs = new ArrayList<>();
    final BlockingQueue<String> told = new LinkedBlockingQueue<>();
    final BlockingQueue<String> failures = new LinkedBlockingQueue<>();
    final Throttle throttle = new Throttle(RateLimits.NONE);
    final RingWorkerProxy worker;
    final VbdRing ring;
    private final Thread thread;
    private final int guestPort;
    private final EventChannels guestChannels;
    private boolean stopped;

    /** @param firstIndex where the ring's indices begin */
    RingRig(Path dir, Disk disk, boolean readOnly, BlkifAbi abi, int firstIndex) {
        this(dir, disk, new DiskLimits(disk.info().sectors(), 512, readOnly, false), abi, firstIndex);
    }

    RingRig(Path dir, Disk disk, DiskLimits limits, BlkifAbi abi, int firstIndex) {
        this(dir, disk, limits, ErrorPolicy.DEFAULT, abi, firstIndex);
    }

    RingRig(Path dir, Disk disk, DiskLimits limits, ErrorPolicy policy, BlkifAbi abi, int firstIndex) {
        this(dir, disk, limits, policy, abi, firstIndex, new PollLoop());
    }

    /** @param loop the worker's from now on */
    RingRig(Path dir, Disk disk, DiskLimits limits, ErrorPolicy policy, BlkifAbi abi, int firstIndex, IoLoop loop) {
        hypervisor = SimHypervisor.open(dir);
        guest = hypervisor.domain(DOMID);
        guestChannels = guest.eventChannels();
        ringPage = guest.allocatePage();
        ringRef = guest.grant(0, ringPage, false);
        front = new FrontRing(ringPage.buffer(), abi, firstIndex);
        guestPort = guest.allocUnbound(0);
        for (int i = 0; i < Blkif.MAX_SEGMENTS; i++) {
            pages.add(guest.allocatePage());
            refs.add(guest.grant(0, pages.get(i), false));
        }
        RingWorker ringWorker = new RingWorker(hypervisor.grantTable(0), hypervisor.eventChannels(0),
            loop, new Told(), true);
        worker = ringWorker.proxy();
        thread = new Thread(ringWorker, "ring-worker");
        thread.start();
        ring = worker.attachRing(new RingSpec("vbd-1-51712", 0, DOMID, new int[] {ringRef}, guestPort, abi, disk,
            limits, policy, throttle, journal(abi), RingSpec.Start.NEW));
        expect("attached");
    }

    /** As if there were no place for a better one. */
    private static RingJournal journal(BlkifAbi abi) {
        return RingJournal.volatileOnly(abi.slots(Blkif.PAGE_SIZE));
    }

    private final class Told implements RingListener {

        @Override
        public void attached(VbdRing ring) {
            told.add("attached");
        }

        @Override
        public void attachFailed(VbdRing ring, String reason) {
            told.add("attachFailed");
        }

        @Override
        public void halted(VbdRing ring, String reason) {
            told.add("halted");
        }

        @Override
        public void active(VbdRing ring) {
            // Nothing that a test waits for.
        }

        @Override
        public void failed(VbdRing ring, IoRequest.Operation operation, long sector, int errno) {
            failures.add(operation + " " + sector + " " + errno);
        }

        @Override
        public void held(VbdRing ring, IoRequest.Operation operation, long sector, int errno) {
            told.add("held " + operation + " " + errno);
        }

        @Override
        public void unheld(VbdRing ring) {
            told.add("unheld");
        }

        @Override
        public void released(VbdRing ring, int flushErrno) {
            told.add("released " + flushErrno);
        }

        @Override
        public void fault(VbdRing ring, RuntimeException fault) {
            told.add("fault " + fault);
        }

        @Override
        public void drained(VbdRing ring) {
            told.add("drained");
        }

        @Override
        public void moved(RingSentinel sentinel) {
            told.add("moved");
        }

        @Override
        public void blind(RingSentinel sentinel, String reason) {
            told.add("blind");
        }

        @Override
        public void ended(RingSentinel sentinel) {
            told.add("ended");
        }
    }

    long workerThreadId() {
        return thread.getId();
    }

    /** The next thing the worker tells the control path. */
    void expect(String what) {
        try {
            assertEquals(what, told.poll(PATIENCE_S, TimeUnit.SECONDS));
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** Publishes what was put on the ring and sends the event if it is asked for. */
    void push() {
        if (front.push()) {
            guestChannels.notify(guestPort);
        }
    }

    /** Sends an event whether asked for or not. */
    void kick() {
        guestChannels.notify(guestPort);
    }

    /** One request with one whole page. */
    void request(int operation, long id, long sector) {
        int slot = front.claim();
        front.header(slot, operation, 1, id, sector);
        front.segment(slot, 0, refs.get(0), 0, 7);
    }

    /** Waits for one response; looks at the ring itself, so that it does not depend on events. */
    FrontResponse response() {
        FrontResponse response = new FrontResponse();
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_S);
        while (!front.take(response)) {
            assertTrue(System.nanoTime() < deadline, "no response; told " + told);
            Thread.onSpinWait();
        }
        return response;
    }

    /** Pushes, and checks the answer to the one request that is outstanding. */
    void answer(int status, int operation, long id) {
        push();
        FrontResponse response = response();
        assertEquals(id, response.id(), "id");
        assertEquals(operation, response.operation(), "operation");
        assertEquals(status, response.status(), "status of operation " + operation);
    }

    /** Stops in order, unless that was done, and checks that nothing is left. */
    void stop() {
        if (!stopped) {
            worker.stopRing(ring);
        }
        released();
    }

    /** The test has seen that the ring was released. */
    void releasedAlready() {
        stopped = true;
    }

    /** Checks that the ring lets go of everything. */
    void released() {
        if (!stopped) {
            expect("released 0");
        }
        stopped = true;
        assertEquals(0, guest.mappedGrants());
    }

    @Override
    public void close() {
        worker.close();
        try {
            thread.join(TimeUnit.SECONDS.toMillis(PATIENCE_S));
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
        guest.close();
        hypervisor.close();
    }
}
