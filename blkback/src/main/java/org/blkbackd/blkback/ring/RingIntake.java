// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.ring;

import org.blkbackd.blkback.blkif.BackRing;
import org.blkbackd.blkback.blkif.Blkif;
import org.blkbackd.blkback.blkif.BlkifRequest;
import org.blkbackd.blkback.blkif.DiskLimits;
import org.blkbackd.blkback.fault.FaultPoint;
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
    /** Taken and not started. */
    private final RequestQueue waiting;
    /** Before those in their order: judged anew and not started. */
    private final RequestQueue retrying;
    /** Before those in their order: to be judged anew. */
    private final RequestQueue again;
    private boolean limited;
    private boolean lacking;

    RingIntake(RingSpec spec, RingTools tools, RingCounters counters, InFlight inFlight, Responder responder,
        IoEngine engine, BackRing back) {
        this.spec = spec;
        this.tools = tools;
        this.counters = counters;
        this.inFlight = inFlight;
        this.responder = responder;
        this.engine = engine;
        this.back = back;
        waiting = new RequestQueue(back.slots());
        retrying = new RequestQueue(back.slots());
        again = new RequestQueue(back.slots());
    }

    /** Whether requests were taken that are not started. */
    boolean isWaiting() {
        return unstarted() > 0;
    }

    /** How many. */
    int unstarted() {
        return waiting.size() + retrying.size() + again.size();
    }

    // --- taking -----------------------------------------------------------------------------------------------------

    /**
     * Takes what is on the ring, at most a portion, and only when nothing waits.
     *
     * @return how many were taken, or {@link BackRing#OVERFLOW} when req_prod is impossible
     */
    int take(DiskLimits limits, long now) {
        int available = back.available();
        int most = RingTools.portion(inFlight.count() + available);
        int taken = 0;
        boolean waited = limited;
        limited = false;
        while (available > taken && taken < most && inFlight.tables().grants(1) && !isLimited(now)) {
            takeOne(limits, now);
            taken++;
        }
        lacking = available > taken && taken < most;
        if (limited && !waited) {
            counters.increment(Counter.LIMITED);
        }
        if (taken > 0) {
            tools.counters().add(WorkerCounters.Counter.REQUESTS, taken);
            spec.journal().consumed(back.reqCons());
            FaultPoint.AFTER_JOURNAL.reached();
        }
        copyDescriptors(limits);
        return available < 0 ? BackRing.OVERFLOW : taken;
    }

    private boolean isLimited(long now) {
        limited = spec.throttle().waitNs(now) > 0;
        return limited;
    }

    /** Whether the last take left requests on the ring, which it cannot take before there is room or time for them. */
    boolean isShort() {
        return lacking;
    }

    /** Whether the last take left requests on the ring because of the disk's limits. */
    boolean isLimited() {
        return limited;
    }

    private void takeOne(DiskLimits limits, long now) {
        PendingRequest request = inFlight.take();
        int index = back.reqCons();
        back.consume(request.blkif());
        FaultPoint.AFTER_CONSUME.reached();
        spec.journal().enter(request.number(), request.blkif(), index);
        FaultPoint.AFTER_ENTRY.reached();
        counters.increment(Counter.REQUESTS);
        request.takenAt(now);
        judge(request, limits);
        spec.throttle().charge(bytes(request), now);
        waiting.add(request);
    }

    /** What a request may move; of segments that are not known yet, as much as they can. */
    private static long bytes(PendingRequest request) {
        BlkifRequest blkif = request.blkif();
        if (request.verdict() != Blkif.RSP_OKAY || blkif.operation() == Blkif.OP_DISCARD) {
            return 0;
        }
        return blkif.isIndirect() ? (long) blkif.segments() * Blkif.PAGE_SIZE
            : (long) blkif.sectors() << Blkif.SECTOR_SHIFT;
    }

    private void judge(PendingRequest request, DiskLimits limits) {
        int verdict = request.blkif().validate(limits);
        request.judged(verdict);
        if (verdict == Blkif.RSP_OKAY && request.blkif().isIndirect()) {
            counters.increment(Counter.INDIRECT);
            request.table(inFlight.tables().take());
            tools.descriptors().addDescriptors(spec.domid(), request);
        } else if (verdict != Blkif.RSP_OKAY) {
            counters.increment(verdict == Blkif.RSP_ERROR ? Counter.MALFORMED : Counter.UNSUPPORTED);
        }
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
    int start(DiskLimits limits) {
        takeAgain(limits);
        int started = start(retrying);
        if (retrying.isEmpty() && again.isEmpty()) {
            started += start(waiting);
        }
        copyFromGuest();
        engine.kick();
        FaultPoint.AFTER_KICK.reached();
        return started;
    }

    private int start(RequestQueue queue) {
        int started = 0;
        while (!queue.isEmpty() && startOne(queue.peek())) {
            queue.poll();
            started++;
        }
        return started;
    }

    // --- starting anew ----------------------------------------------------------------------------------------------

    /** To be started anew, before all that wait: by the copy of the slot that we have, and what it points to now. */
    void again(PendingRequest request) {
        again.insert(request);
    }

    /** Tries again what is held, with what still waits to be tried since the last time, in the ring's order. */
    void retry() {
        while (!retrying.isEmpty()) {
            PendingRequest request = retrying.poll();
            responder.giveBuffers(request);
            again.insert(request);
        }
        while (!inFlight.held().isEmpty()) {
            again.insert(inFlight.held().poll());
        }
    }

    private void takeAgain(DiskLimits limits) {
        int taken = 0;
        while (!again.isEmpty() && taken++ < RingTools.BATCH && inFlight.tables().grants(1)) {
            PendingRequest request = again.poll();
            judge(request, limits);
            retrying.add(request);
        }
        copyDescriptors(limits);
    }

    /** The device is taken away: answers what failed, and what was not started, with an error. */
    void refuseHeld() {
        retry();
        refuse(again);
    }

    /** As {@link #refuseHeld}, and also all else that was not started. */
    void refuseAll() {
        refuseHeld();
        refuse(waiting);
    }

    /** Leaves what was not started to the journal. */
    void forget() {
        retry();
        forget(again);
        forget(waiting);
    }

    private void forget(RequestQueue queue) {
        while (!queue.isEmpty()) {
            responder.giveBuffers(queue.poll());
        }
    }

    private void refuse(RequestQueue queue) {
        while (!queue.isEmpty()) {
            responder.finish(queue.poll(), Blkif.RSP_ERROR);
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
        if (inFlight.barrier() != null && inFlight.barrier() != request) {
            return true;
        }
        boolean barrier = request.blkif().operation() == Blkif.OP_WRITE_BARRIER;
        if (barrier && (engine.inFlight() > 0 || tools.fromGuest().size() > 0 || !inFlight.held().isEmpty())
            || !inFlight.chunks().grants(chunks)) {
            return true;
        }
        if (barrier) {
            inFlight.barrier(request);
        }
        return false;
    }

    private void copyFirst(PendingRequest request) {
        if (!tools.fromGuest().hasRoom(request.blkif().segments())) {
            copyFromGuest();
            engine.kick();
        }
        tools.fromGuest().addData(spec.domid(), request);
    }

    /** Copies the write data in one crossing, then submits what was copied whole. */
    private void copyFromGuest() {
        CopyBatch batch = tools.fromGuest();
        batch.execute();
        for (int i = 0; i < batch.size(); i++) {
            FaultPoint.AFTER_COPY_IN.reached();
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
        FaultPoint.AFTER_SUBMIT.reached();
    }
}
