// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.ring;

import org.blkbackd.blkback.blkif.BackRing;
import org.blkbackd.blkback.blkif.DiskLimits;
import org.blkbackd.blkback.fault.FaultPoint;
import org.blkbackd.blkback.ring.RingCounters.Counter;
import org.blkbackd.ioengine.IoRequest;

/**
 * One ring of one vbd: its life, and its turn in the worker's duty cycle. Made by the conductor, then owned by its
 * {@link RingWorker}; {@link #spec}, {@link #counters} and {@link #latencies} are for
 * everyone.
 *
 * <p>A request's life: slot, copied once into a {@link PendingRequest} and into the journal, judged, its write data
 * copied in, submitted ({@link RingIntake}); completed, its read data copied out ({@link RingCompletion}), answered and
 * published ({@link Responder}).
 */
public final class VbdRing implements Attached {

    /** KEEPING is STOPPING for a successor: what is not with the storage stays in the journal. */
    private enum State { NEW, RUNNING, HALTED, STOPPING, KEEPING, RELEASED }

    private final RingSpec spec;
    private final RingCounters counters = new RingCounters();
    private final LatencyCounts latencies = new LatencyCounts();
    private final RingTools tools;
    private final RingParts parts;

    private State state = State.NEW;
    private DiskLimits limits;
    private boolean broken;
    private boolean flushing;
    private boolean flushed;
    private int flushErrno;
    private boolean signalled;
    private boolean more;
    private boolean resumed;
    private boolean troubled;
    private boolean draining;
    private long activeAt;

    VbdRing(RingSpec spec, RingTools tools) {
        this.spec = spec;
        this.tools = tools;
        limits = spec.limits();
        parts = new RingParts(this, tools);
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
        return parts.port();
    }

    @Override
    public boolean isReleased() {
        return state == State.RELEASED;
    }

    // --- life cycle -------------------------------------------------------------------------------------------------

    /** Maps, binds, makes the engine. On an exception nothing is left behind. */
    void attach() {
        state = State.RELEASED;
        parts.attach();
        state = State.RUNNING;
        more = true;
        resumed = spec.start() != RingSpec.Start.NEW;
        activeAt = System.nanoTime();
    }

    /** The disk has grown: from the next request on. */
    void limits(DiskLimits newLimits) {
        limits = newLimits;
    }

    /**
     * Takes no more requests; what was taken ends, what is held is answered with an error, the disk is flushed, then
     * everything is released.
     */
    void stop() {
        if (isAttached()) {
            state = State.STOPPING;
            parts.completion().holdNothing();
            parts.intake().refuseHeld();
        }
    }

    /**
     * Takes no more requests and starts none; what was started ends or is held, the disk is flushed, then everything is
     * released. The journal has the rest.
     */
    void keep() {
        if (state == State.RUNNING || state == State.HALTED) {
            state = State.KEEPING;
        }
    }

    /**
     * As {@link #stop} for a frontend that is gone: mapping and port are given back at once, because a dying domain
     * stays a zombie while its pages are mapped, however long the storage takes. Data goes to and from our own buffers,
     * so I/O in flight does no harm; its answers go nowhere. A guest that lives, and had its disk taken away by force,
     * gets errors for what is held or was not started.
     */
    void abandon() {
        stop();
        resumed = false;
        if (state != State.RELEASED) {
            parts.intake().refuseAll();
            publish();
            parts.responder().disconnect();
            parts.releaseGuest();
            // A discard of a terabyte is many steps; nobody waits for the rest of them.
            parts.engine().abandonDiscards();
        }
    }

    /** Says when there is nothing in flight, held or on the ring; it serves on meanwhile, and after. */
    void drain() {
        draining = true;
        more = true;
    }

    private void drained() {
        if (state == State.RUNNING && !more && parts.inFlight().count() == 0) {
            draining = false;
            tools.listener().drained(this);
        }
    }

    /** Tries again what is held. */
    void retry() {
        if (state == State.RUNNING || state == State.HALTED) {
            parts.intake().retry();
        }
    }

    /** The frontend's event came. */
    @Override
    public void signal() {
        signalled = true;
    }

    /**
     * A fault of ours in the middle of a pass: forgets the pass's batches, which other rings share, and halts. What was
     * taken and not started never will be, since it may be the cause.
     */
    @Override
    public boolean fail(RuntimeException fault) {
        boolean first = !broken;
        broken = true;
        tools.clearBatches();
        halt(fault.toString());
        if (first) {
            tools.listener().fault(this, fault);
        }
        return first;
    }

    /** Stops consuming for good and says why; what is in flight is still answered. */
    void halt(String reason) {
        if (state == State.RUNNING) {
            state = State.HALTED;
            tools.listener().halted(this, reason);
        }
    }

    private boolean isAttached() {
        return state != State.NEW && state != State.RELEASED;
    }

    // --- duty cycle -------------------------------------------------------------------------------------------------

    @Override
    public int pass(boolean last) {
        int work = parts.engine().inFlight() > 0 ? parts.completion().run() : 0;
        more |= signalled;
        if (mayTake()) {
            work += take(last || draining);
        }
        if (parts.intake().isWaiting() && !broken && !isLeft()) {
            work += parts.intake().start(limits);
        }
        publish();
        if (last && signalled && state == State.RUNNING) {
            // After the final check in take(): an event that came since is pending again now. A ring that takes
            // nothing more leaves its port masked, so that its guest cannot keep us busy.
            signalled = false;
            tools.channels().unmask(parts.port());
        }
        if (resumed) {
            resumed();
        }
        if (draining) {
            drained();
        }
        if (troubled != parts.responder().held() > 0) {
            troubled = !troubled;
            more = true;
            if (!troubled && (state == State.RUNNING || state == State.HALTED)) {
                tools.listener().unheld(this);
            }
        }
        if (state == State.STOPPING || state == State.KEEPING) {
            work += advanceStop();
        }
        return work;
    }

    @Override
    public boolean isWithStorage() {
        return parts.engine().inFlight() > 0;
    }

    @Override
    public long waitNs() {
        return mayTake() && parts.intake().isLimited() ? spec.throttle().waitNs(tools.clock().now()) : Long.MAX_VALUE;
    }

    /** What is not started is left to a successor. */
    private boolean isLeft() {
        return state == State.KEEPING && spec.journal().isDurable();
    }

    private boolean mayTake() {
        return state == State.RUNNING && more && !parts.intake().isWaiting()
            && (parts.responder().held() == 0 || !spec.policy().stopsWhileHeld());
    }

    private void publish() {
        if (parts.responder().publish()) {
            sendEvent();
            FaultPoint.AFTER_NOTIFY.reached();
        }
    }

    private void sendEvent() {
        tools.channels().notify(parts.port());
        counters.increment(Counter.NOTIFIES);
        tools.counters().add(WorkerCounters.Counter.NOTIFIES, 1);
    }

    /** The process before us may have died between a publication and its event. */
    private void resumed() {
        FaultPoint.RECOVERY_REPLAYED.reached();
        resumed = false;
        sendEvent();
        FaultPoint.RECOVERY_NOTIFIED.reached();
    }

    /**
     * While there is work the ring is looked at in every turn, and the frontend need not send events.
     *
     * @param last ask for one
     */
    private int take(boolean last) {
        BackRing back = parts.back();
        if (!last && back.available() == 0) {
            return 0;
        }
        long now = tools.clock().now();
        int taken = parts.intake().take(limits, now);
        if (taken == BackRing.OVERFLOW) {
            more = false;
            halt("the frontend's req_prod is impossible");
            return 1;
        }
        if (taken > 0 && now - activeAt > RingTools.ACTIVE_NS) {
            activeAt = now;
            tools.listener().active(this);
        }
        if (!last) {
            return taken;
        }
        more = back.finalCheck();
        // What is not taken although it is there waits for buffers, and a completion wakes us; or for the disk's
        // limits, and the worker wakes in time. Nothing will wake us for what has come since.
        return taken == 0 && more && !parts.intake().isShort() ? 1 : taken;
    }

    // --- stopping ---------------------------------------------------------------------------------------------------

    /** The flush that ends every ring is done. */
    void flushed(int errno) {
        FaultPoint.AFTER_LAST_FLUSH.reached();
        flushErrno = errno;
        flushed = true;
        flushing = false;
    }

    private int advanceStop() {
        boolean unstarted = parts.intake().isWaiting() && !broken && !isLeft();
        if (flushing || parts.engine().inFlight() > 0 || unstarted) {
            return 0;
        }
        checkCount();
        if (!flushed && !limits.readOnly()) {
            IoRequest last = new IoRequest(1);
            last.prepare(IoRequest.Operation.FLUSH, 0);
            parts.engine().submit(last);
            parts.engine().kick();
            flushing = true;
            return 1;
        }
        release();
        return 1;
    }

    /** Refuses to go on while a request is nowhere; once that is told, the ring ends all the same. */
    private void checkCount() {
        int known = parts.inFlight().held().size() + (state == State.KEEPING ? parts.intake().unstarted() : 0);
        int lost = parts.inFlight().count() - known;
        if (lost != 0 && !broken) {
            throw new IllegalStateException(lost + " requests of " + spec.name() + " were neither answered nor held");
        }
    }

    private void release() {
        parts.intake().forget();
        boolean whole = parts.inFlight().chunks().isUnused() && parts.inFlight().tables().isUnused();
        parts.engine().close();
        parts.responder().disconnect();
        parts.releaseGuest();
        state = State.RELEASED;
        if (whole) {
            parts.inFlight().close();
        }
        tools.listener().released(this, flushErrno);
    }
}
