// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.ring;

import org.blkbackd.blkback.blkif.BackRing;
import org.blkbackd.blkback.blkif.Blkif;
import org.blkbackd.blkback.blkif.BlkifRequest;
import org.blkbackd.blkback.blkif.SharedRing;
import org.blkbackd.blkback.ring.RingCounters.Counter;
import org.blkbackd.grant.EventChannels;
import org.blkbackd.grant.GrantMapping;
import org.blkbackd.ioengine.IoEngine;
import org.blkbackd.ioengine.IoRequest;

/**
 * One ring of one vbd: consume, copy, submit, complete, respond. Made by the conductor, then owned by its
 * {@link RingWorker}; {@link #counters} is for everyone.
 *
 * <p>A request's life: slot, copied once into a {@link PendingRequest}, judged, its write data copied in, submitted;
 * completed, its read data copied out, and {@link #finish}, the only place that writes a response.
 */
public final class VbdRing {

    private enum State { NEW, RUNNING, HALTED, STOPPING, FLUSHING, RELEASED }

    private final RingSpec spec;
    private final RingCounters counters = new RingCounters();
    private final RingTools tools;

    private State state = State.NEW;
    private GrantMapping mapping;
    private BackRing back;
    private IoEngine engine;
    private PendingRequest[] free;
    private PendingRequest finalFlush;
    private int freeCount;
    private int held;
    private int flushErrno;
    private int port = EventChannels.NONE;
    private boolean signalled;
    private boolean more;

    VbdRing(RingSpec spec, RingTools tools) {
        this.spec = spec;
        this.tools = tools;
    }

    /** What it was made from. */
    public RingSpec spec() {
        return spec;
    }

    /** Its counters. */
    public RingCounters counters() {
        return counters;
    }

    /** The local event-channel port. */
    int port() {
        return port;
    }

    boolean isReleased() {
        return state == State.RELEASED;
    }

    // --- life cycle -------------------------------------------------------------------------------------------------

    /** Maps, binds, makes the engine. On an exception nothing is left behind. */
    void attach() {
        try {
            mapping = tools.grants().map(spec.domid(), spec.ringRefs());
            SharedRing shared = new SharedRing(mapping.buffer(), spec.abi());
            int slots = shared.slots();
            free = new PendingRequest[slots];
            for (int i = 0; i < slots; i++) {
                free[freeCount++] = new PendingRequest();
            }
            finalFlush = new PendingRequest();
            engine = spec.disk().newEngine(slots + 1, tools.wakeup());
            back = new BackRing(shared);
            port = tools.channels().bindInterdomain(spec.domid(), spec.remotePort());
            state = State.RUNNING;
            more = true;
        } catch (RuntimeException e) {
            releaseGuest();
            if (engine != null) {
                engine.close();
            }
            state = State.RELEASED;
            throw e;
        }
    }

    /** Takes no more requests; what is in flight ends, the disk is flushed, then everything is released. */
    void stop() {
        if (state == State.RUNNING || state == State.HALTED) {
            state = State.STOPPING;
        }
    }

    /**
     * As {@link #stop} for a frontend that is gone: mapping and port are given back at once, because a dying domain
     * stays a zombie while its pages are mapped, however long the storage takes. Data goes to and from our own buffers,
     * so I/O in flight does no harm; its answers go nowhere.
     */
    void abandon() {
        stop();
        releaseGuest();
    }

    /** The frontend's event came. */
    void signal() {
        signalled = true;
    }

    /** A fault of ours in the middle of a pass: forgets the pass's batches, which other rings share, and halts. */
    void fail(RuntimeException fault) {
        tools.fromGuest().clear();
        tools.toGuest().clear();
        halt(fault.toString());
    }

    /** Stops consuming for good and says why; what is in flight is still answered. */
    void halt(String reason) {
        if (state == State.RUNNING) {
            state = State.HALTED;
            tools.listener().halted(this, reason);
        }
    }

    // --- duty cycle -------------------------------------------------------------------------------------------------

    /** One pass; returns how much was done, 0 when the ring can sleep until an event or a completion. */
    int pass() {
        int work = engine.inFlight() > 0 ? complete() : 0;
        if (state == State.RUNNING && (signalled || more)) {
            work += consume();
        }
        if (back != null && back.push()) {
            tools.channels().notify(port);
            counters.increment(Counter.NOTIFIES);
        }
        if (signalled && state == State.RUNNING) {
            // After the final check in consume(): an event that came since is pending again now. A ring that takes
            // nothing more leaves its port masked, so that its guest cannot keep us busy.
            signalled = false;
            tools.channels().unmask(port);
        }
        if (state == State.STOPPING || state == State.FLUSHING) {
            work += advanceStop();
        }
        return work;
    }

    private int consume() {
        int taken = 0;
        int available = back.available();
        while (available > 0 && !tools.buffers().isEmpty()) {
            take();
            taken++;
            available--;
        }
        if (available == BackRing.OVERFLOW) {
            halt("the frontend's req_prod is impossible");
            return taken;
        }
        copyFromGuest();
        engine.kick();
        more = available > 0 || back.finalCheck();
        // Without buffers there is nothing to do until a completion gives one back; it wakes us.
        return tools.buffers().isEmpty() ? taken : taken + (more ? 1 : 0);
    }

    private void take() {
        PendingRequest request = free[--freeCount];
        back.consume(request.blkif());
        counters.increment(Counter.REQUESTS);
        int status = request.blkif().validate(spec.sectors(), spec.readOnly());
        if (status != Blkif.RSP_OKAY) {
            counters.increment(status == Blkif.RSP_ERROR ? Counter.MALFORMED : Counter.UNSUPPORTED);
            finish(request, status);
            return;
        }
        if (request.blkif().segments() > 0) {
            request.buffer(tools.buffers().take());
        }
        switch (request.blkif().operation()) {
            case Blkif.OP_READ -> {
                request.prepareData(IoRequest.Operation.READ);
                submit(request);
            }
            case Blkif.OP_WRITE, Blkif.OP_FLUSH_DISKCACHE -> tools.fromGuest().add(spec.domid(), request);
            default -> throw new IllegalStateException("operation " + request.blkif().operation() + " was let through");
        }
    }

    /** Copies all write data of the pass in one crossing, then submits what was copied whole. */
    private void copyFromGuest() {
        CopyBatch batch = tools.fromGuest();
        batch.execute();
        for (int i = 0; i < batch.size(); i++) {
            PendingRequest request = batch.request(i);
            if (!batch.copied(i)) {
                counters.increment(Counter.COPY_FAILURES);
                finish(request, Blkif.RSP_ERROR);
            } else if (request.blkif().operation() == Blkif.OP_FLUSH_DISKCACHE) {
                request.prepare(IoRequest.Operation.FLUSH, 0);
                submit(request);
            } else {
                request.prepareData(IoRequest.Operation.WRITE);
                submit(request);
            }
        }
        batch.clear();
    }

    private int complete() {
        int reaped = 0;
        for (PendingRequest done = (PendingRequest) engine.reap(); done != null;
             done = (PendingRequest) engine.reap()) {
            reaped++;
            if (done == finalFlush) {
                flushErrno = (int) -done.result();
                finalFlush = null;
                state = State.STOPPING;
            } else {
                completed(done);
            }
        }
        copyToGuest();
        engine.kick();
        return reaped;
    }

    /** Copies all read data of the pass in one crossing, then answers. */
    private void copyToGuest() {
        CopyBatch batch = tools.toGuest();
        batch.execute();
        for (int i = 0; i < batch.size(); i++) {
            boolean copied = batch.copied(i);
            if (!copied) {
                counters.increment(Counter.COPY_FAILURES);
            }
            finish(batch.request(i), copied ? Blkif.RSP_OKAY : Blkif.RSP_ERROR);
        }
        batch.clear();
    }

    private void completed(PendingRequest done) {
        if (done.result() != 0) {
            failed(done);
        } else if (done.operation() == IoRequest.Operation.READ && mapping != null) {
            tools.toGuest().add(spec.domid(), done);
        } else if (done.operation() == IoRequest.Operation.FLUSH && done.blkif().segments() > 0) {
            // A flush with data: what came before is durable, now the data (as xen-blkback's REQ_PREFLUSH).
            done.prepareData(IoRequest.Operation.WRITE);
            submit(done);
        } else {
            finish(done, Blkif.RSP_OKAY);
        }
    }

    private void failed(PendingRequest done) {
        counters.increment(Counter.IO_ERRORS);
        if (done.operation() == IoRequest.Operation.FLUSH) {
            // blkfront takes an error on an empty flush for "not supported", tells the file system it went well, and
            // never flushes again (xen-blkfront.c blkif_interrupt). So it gets no answer until the disk is re-opened.
            held++;
            counters.increment(Counter.HELD);
            tools.listener().held(this, -done.result());
        } else {
            finish(done, Blkif.RSP_ERROR);
        }
    }

    private void submit(PendingRequest request) {
        if (!engine.submit(request)) {
            throw new IllegalStateException("the engine refused a request although it has room for a whole ring");
        }
    }

    /** The single end of every request: its response, its counts, its buffer. */
    private void finish(PendingRequest request, int status) {
        BlkifRequest blkif = request.blkif();
        if (back != null) {
            back.respond(blkif.id(), blkif.operation(), status);
        }
        if (status == Blkif.RSP_OKAY) {
            count(blkif);
        }
        if (request.buffer() != 0) {
            tools.buffers().give(request.buffer());
            request.buffer(0);
        }
        free[freeCount++] = request;
    }

    private void count(BlkifRequest blkif) {
        long bytes = (long) blkif.sectors() << Blkif.SECTOR_SHIFT;
        switch (blkif.operation()) {
            case Blkif.OP_READ -> {
                counters.increment(Counter.READS);
                counters.add(Counter.READ_BYTES, bytes);
            }
            case Blkif.OP_WRITE -> {
                counters.increment(Counter.WRITES);
                counters.add(Counter.WRITE_BYTES, bytes);
            }
            default -> {
                counters.increment(Counter.FLUSHES);
                counters.add(Counter.WRITE_BYTES, bytes);
            }
        }
    }

    // --- stopping ---------------------------------------------------------------------------------------------------

    private int advanceStop() {
        if (state == State.FLUSHING || engine.inFlight() > 0) {
            return 0;
        }
        if (finalFlush != null && !spec.readOnly()) {
            finalFlush.prepare(IoRequest.Operation.FLUSH, 0);
            submit(finalFlush);
            engine.kick();
            state = State.FLUSHING;
            return 1;
        }
        release();
        return 1;
    }

    private void release() {
        int lost = free.length - freeCount - held;
        engine.close();
        releaseGuest();
        state = State.RELEASED;
        tools.listener().released(this, flushErrno);
        if (lost != 0) {
            throw new IllegalStateException(lost + " requests of " + spec.name() + " were neither answered nor held");
        }
    }

    private void releaseGuest() {
        back = null;
        if (port != EventChannels.NONE) {
            tools.forgetPort(port);
            tools.channels().unbind(port);
            port = EventChannels.NONE;
        }
        if (mapping != null) {
            mapping.close();
            mapping = null;
        }
    }
}
