// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.ring;

import org.blkbackd.blkback.blkif.BackRing;
import org.blkbackd.blkback.blkif.DiskLimits;
import org.blkbackd.blkback.blkif.SharedRing;
import org.blkbackd.blkback.ring.RingCounters.Counter;
import org.blkbackd.grant.EventChannels;
import org.blkbackd.grant.GrantMapping;
import org.blkbackd.ioengine.IoEngine;
import org.blkbackd.ioengine.IoRequest;

/**
 * One ring of one vbd: its life, and its turn in the worker's duty cycle. Made by the conductor, then owned by its
 * {@link RingWorker}; {@link #spec}, {@link #counters} and {@link #latencies} are for
 * everyone.
 *
 * <p>A request's life: slot, copied once into a {@link PendingRequest}, judged, its write data copied in, submitted
 * ({@link RingIntake}); completed, its read data copied out ({@link RingCompletion}), answered ({@link Responder}).
 */
public final class VbdRing {

    private enum State { NEW, RUNNING, HALTED, STOPPING, FLUSHING, RELEASED }

    private final RingSpec spec;
    private final RingCounters counters = new RingCounters();
    private final LatencyCounts latencies = new LatencyCounts();
    private final RingTools tools;

    private State state = State.NEW;
    private DiskLimits limits;
    private GrantMapping mapping;
    private BackRing back;
    private IoEngine engine;
    private InFlight inFlight;
    private Responder responder;
    private RingIntake intake;
    private RingCompletion completion;
    private boolean broken;
    private boolean flushed;
    private int flushErrno;
    private int port = EventChannels.NONE;
    private boolean signalled;
    private boolean more;
    private long activeAt;

    VbdRing(RingSpec spec, RingTools tools) {
        this.spec = spec;
        this.tools = tools;
        limits = spec.limits();
    }

    /** What it was made from. */
    public RingSpec spec() {
        return spec;
    }

    /** Its counters. */
    public RingCounters counters() {
        return counters;
    }

    /** How long its requests took. */
    public LatencyCounts latencies() {
        return latencies;
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
            back = new BackRing(new SharedRing(mapping.buffer(), spec.abi()));
            engine = spec.disk().newEngine(back.slots() + 1, tools.wakeup());
            inFlight = new InFlight(back.slots(), tools.buffers().open(), tools.tables().open());
            responder = new Responder(counters, latencies, inFlight, back);
            intake = new RingIntake(spec, tools, counters, inFlight, responder, engine, back);
            completion = new RingCompletion(this, tools, responder, engine);
            port = tools.channels().bindInterdomain(spec.domid(), spec.remotePort());
            state = State.RUNNING;
            more = true;
            activeAt = System.nanoTime();
        } catch (RuntimeException e) {
            releaseGuest();
            if (engine != null) {
                engine.close();
            }
            if (inFlight != null) {
                inFlight.close();
            }
            state = State.RELEASED;
            throw e;
        }
    }

    /** The disk has grown: from the next request on. */
    void limits(DiskLimits newLimits) {
        limits = newLimits;
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
        if (state != State.RELEASED) {
            responder.disconnect();
            intake.drop();
            releaseGuest();
            // A discard of a terabyte is many steps; nobody waits for the rest of them.
            engine.abandonDiscards();
        }
    }

    /** The frontend's event came. */
    void signal() {
        signalled = true;
    }

    /**
     * A fault of ours in the middle of a pass: forgets the pass's batches, which other rings share, and halts. What was
     * taken and not started never will be, since it may be the cause.
     *
     * @return whether it is the ring's first
     */
    boolean fail(RuntimeException fault) {
        boolean first = !broken;
        broken = true;
        tools.clearBatches();
        halt(fault.toString());
        return first;
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
        int work = engine.inFlight() > 0 ? completion.run() : 0;
        more |= signalled;
        if (state == State.RUNNING && more && !intake.isWaiting()) {
            work += take();
        }
        if (intake.isWaiting() && !broken) {
            work += intake.start();
        }
        if (back != null && back.push()) {
            tools.channels().notify(port);
            counters.increment(Counter.NOTIFIES);
        }
        if (signalled && state == State.RUNNING) {
            // After the final check in take(): an event that came since is pending again now. A ring that takes
            // nothing more leaves its port masked, so that its guest cannot keep us busy.
            signalled = false;
            tools.channels().unmask(port);
        }
        if (state == State.STOPPING || state == State.FLUSHING) {
            work += advanceStop();
        }
        return work;
    }

    private int take() {
        long now = System.nanoTime();
        int taken = intake.take(limits, now);
        if (taken == BackRing.OVERFLOW) {
            more = false;
            halt("the frontend's req_prod is impossible");
            return 1;
        }
        // What is not taken although it is there waits for buffers or for the next pass; a completion wakes us.
        more = back.finalCheck();
        if (taken > 0 && now - activeAt > RingTools.ACTIVE_NS) {
            activeAt = now;
            tools.listener().active(this);
        }
        return taken;
    }

    // --- stopping ---------------------------------------------------------------------------------------------------

    /** The flush that ends every ring is done. */
    void flushed(int errno) {
        flushErrno = errno;
        flushed = true;
        state = State.STOPPING;
    }

    private int advanceStop() {
        if (state == State.FLUSHING || engine.inFlight() > 0 || intake.isWaiting() && !broken) {
            return 0;
        }
        if (!flushed && !limits.readOnly()) {
            IoRequest last = new IoRequest(1);
            last.prepare(IoRequest.Operation.FLUSH, 0);
            engine.submit(last);
            engine.kick();
            state = State.FLUSHING;
            return 1;
        }
        release();
        return 1;
    }

    private void release() {
        int lost = inFlight.outstanding();
        engine.close();
        responder.disconnect();
        releaseGuest();
        state = State.RELEASED;
        if (lost == 0) {
            inFlight.close();
        }
        tools.listener().released(this, flushErrno);
        if (lost != 0 && !broken) {
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
