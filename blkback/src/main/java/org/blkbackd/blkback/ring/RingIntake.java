// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.ring;

import org.blkbackd.blkback.blkif.BackRing;
import org.blkbackd.blkback.blkif.Blkif;
import org.blkbackd.blkback.blkif.DiskLimits;
import org.blkbackd.blkback.ring.RingCounters.Counter;
import org.blkbackd.ioengine.IoEngine;
import org.blkbackd.ioengine.IoRequest;

/**
 * From the ring to the engine: takes requests off the ring, judges them, gets their descriptors and write data, starts
 * them. What cannot be started yet, for want of buffers or behind a barrier, waits here in its order. Owned by its
 * ring.
 */
final class RingIntake {

    private final RingSpec spec;
    private final RingTools tools;
    private final RingCounters counters;
    private final InFlight inFlight;
    private final Responder responder;
    private final IoEngine engine;
    private final BackRing back;
    /** Taken and not started: a queue in a circle, from {@link #head}. */
    private final PendingRequest[] waiting;
    private int head;
    private int waitingCount;

    RingIntake(RingSpec spec, RingTools tools, RingCounters counters, InFlight inFlight, Responder responder,
        IoEngine engine, BackRing back) {
        this.spec = spec;
        this.tools = tools;
        this.counters = counters;
        this.inFlight = inFlight;
        this.responder = responder;
        this.engine = engine;
        this.back = back;
        waiting = new PendingRequest[back.slots()];
    }

    /** Whether requests were taken that are not started. */
    boolean isWaiting() {
        return waitingCount > 0;
    }

    // --- taking -----------------------------------------------------------------------------------------------------

    /**
     * Takes what is on the ring, at most a batch, and only when nothing waits.
     *
     * @return how many were taken, or {@link BackRing#OVERFLOW} when req_prod is impossible
     */
    int take(DiskLimits limits, long now) {
        int available = back.available();
        int taken = 0;
        while (available > taken && taken < RingTools.BATCH && inFlight.tables().grants(1)) {
            takeOne(limits, now);
            taken++;
        }
        copyDescriptors(limits);
        return available < 0 ? BackRing.OVERFLOW : taken;
    }

    private void takeOne(DiskLimits limits, long now) {
        PendingRequest request = inFlight.take();
        back.consume(request.blkif());
        counters.increment(Counter.REQUESTS);
        int verdict = request.blkif().validate(limits);
        request.taken(now, verdict);
        if (verdict == Blkif.RSP_OKAY && request.blkif().isIndirect()) {
            counters.increment(Counter.INDIRECT);
            request.table(inFlight.tables().take());
            tools.descriptors().addDescriptors(spec.domid(), request);
        } else if (verdict != Blkif.RSP_OKAY) {
            counters.increment(verdict == Blkif.RSP_ERROR ? Counter.MALFORMED : Counter.UNSUPPORTED);
        }
        waiting[(head + waitingCount++) % waiting.length] = request;
    }

    /** Each descriptor page is copied once, all of them in one crossing, and judged by the copy. */
    private void copyDescriptors(DiskLimits limits) {
        CopyBatch batch = tools.descriptors();
        batch.execute();
        for (int i = 0; i < batch.size(); i++) {
            PendingRequest request = batch.request(i);
            if (batch.copied(i)) {
                request.blkif().segmentsFrom(tools.tables().view(request.table()),
                    tools.tables().offset(request.table()));
                request.verdict(request.blkif().validateSegments(limits));
            } else {
                request.verdict(Blkif.RSP_ERROR);
            }
            if (request.verdict() != Blkif.RSP_OKAY) {
                counters.increment(batch.copied(i) ? Counter.MALFORMED : Counter.COPY_FAILURES);
            }
        }
        batch.clear();
    }

    // --- starting ---------------------------------------------------------------------------------------------------

    /** Starts what waits, as far as there are buffers; returns how many left the queue. */
    int start() {
        int started = 0;
        while (waitingCount > 0 && startOne(waiting[head])) {
            head = (head + 1) % waiting.length;
            waitingCount--;
            started++;
        }
        copyFromGuest();
        engine.kick();
        return started;
    }

    /** The guest is gone: nobody waits for what was not started. */
    void drop() {
        for (; waitingCount > 0; waitingCount--) {
            responder.finish(waiting[head], Blkif.RSP_ERROR);
            head = (head + 1) % waiting.length;
        }
    }

    private boolean startOne(PendingRequest request) {
        if (request.verdict() != Blkif.RSP_OKAY) {
            responder.finish(request, request.verdict());
            return true;
        }
        int chunks = request.chunksNeeded();
        if (mustWait(request, chunks)) {
            return false;
        }
        for (int i = 0; i < chunks; i++) {
            request.addChunk(inFlight.chunks().take());
        }
        switch (request.blkif().operation()) {
            case Blkif.OP_READ -> submitData(request, IoRequest.Operation.READ);
            case Blkif.OP_DISCARD -> submitDiscard(request);
            default -> copyFirst(request);
        }
        return true;
    }

    /** A barrier starts when everything before it is done, and nothing after it starts before it is done. */
    private boolean mustWait(PendingRequest request, int chunks) {
        if (inFlight.barrier()) {
            return true;
        }
        boolean barrier = request.blkif().operation() == Blkif.OP_WRITE_BARRIER;
        if (barrier && (engine.inFlight() > 0 || tools.fromGuest().size() > 0)
            || !inFlight.chunks().grants(chunks)) {
            return true;
        }
        inFlight.barrier(barrier);
        return false;
    }

    private void copyFirst(PendingRequest request) {
        if (!tools.fromGuest().hasRoom(request.blkif().segments())) {
            copyFromGuest();
        }
        tools.fromGuest().addData(spec.domid(), request);
    }

    /** Copies all write data in one crossing, then submits what was copied whole. */
    private void copyFromGuest() {
        CopyBatch batch = tools.fromGuest();
        batch.execute();
        for (int i = 0; i < batch.size(); i++) {
            PendingRequest request = batch.request(i);
            if (!batch.copied(i)) {
                counters.increment(Counter.COPY_FAILURES);
                responder.finish(request, Blkif.RSP_ERROR);
            } else if (request.blkif().operation() == Blkif.OP_WRITE) {
                submitData(request, IoRequest.Operation.WRITE);
            } else {
                request.prepare(IoRequest.Operation.FLUSH, 0);
                submit(request);
            }
        }
        batch.clear();
    }

    private void submitData(PendingRequest request, IoRequest.Operation operation) {
        request.prepareData(operation, tools.buffers());
        submit(request);
    }

    private void submitDiscard(PendingRequest request) {
        long bytes = request.blkif().discardSectors() << Blkif.SECTOR_SHIFT;
        if (bytes == 0) {
            responder.finish(request, Blkif.RSP_OKAY);
            return;
        }
        // The flag means nothing to a frontend that was not told of discard-secure.
        boolean secure = request.blkif().isSecureDiscard() && spec.disk().info().secureDiscard();
        request.prepareDiscard(request.blkif().sector() << Blkif.SECTOR_SHIFT, bytes, secure);
        submit(request);
    }

    private void submit(PendingRequest request) {
        if (!engine.submit(request)) {
            throw new IllegalStateException("the engine refused a request although it has room for a whole ring");
        }
    }
}
