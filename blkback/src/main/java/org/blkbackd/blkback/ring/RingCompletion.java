// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.ring;

import org.blkbackd.blkback.blkif.Blkif;
import org.blkbackd.blkback.blkif.BlkifRequest;
import org.blkbackd.blkback.fault.FaultPoint;
import org.blkbackd.blkback.ring.RingCounters.Counter;
import org.blkbackd.ioengine.Errno;
import org.blkbackd.ioengine.IoEngine;
import org.blkbackd.ioengine.IoRequest;

/**
 * From the engine to the answer: what a completed request still lacks is begun, read data is copied to the guest, what
 * is done is answered. Owned by its ring.
 */
final class RingCompletion {

    private final VbdRing ring;
    private final RingTools tools;
    private final Responder responder;
    private final IoEngine engine;
    private long reportedAt;
    private boolean reported;
    private boolean holds = true;

    RingCompletion(VbdRing ring, RingTools tools, Responder responder, IoEngine engine) {
        this.ring = ring;
        this.tools = tools;
        this.responder = responder;
        this.engine = engine;
    }

    /** The device is taken away: nothing is kept for better times. */
    void holdNothing() {
        holds = false;
    }

    /** Takes up a portion of what is completed, as far as one copy goes; returns how much that was. */
    int run() {
        int reaped = 0;
        int most = RingTools.portion(engine.inFlight());
        while (reaped < most && tools.toGuest().hasRoom(Blkif.MAX_INDIRECT_SEGMENTS)) {
            IoRequest done = engine.reap();
            if (done == null) {
                break;
            }
            reaped++;
            if (done instanceof PendingRequest request) {
                completed(request);
            } else {
                ring.flushed((int) -done.result());
            }
        }
        copyToGuest();
        engine.kick();
        return reaped;
    }

    private void completed(PendingRequest request) {
        FaultPoint.AFTER_COMPLETION.reached();
        if (request.result() != 0) {
            failed(request);
            return;
        }
        request.nextStep();
        if (request.operation() == IoRequest.Operation.READ && responder.isConnected()) {
            tools.toGuest().addData(ring.spec().domid(), request);
        } else if (!goesOn(request)) {
            responder.finish(request, Blkif.RSP_OKAY);
        }
    }

    /**
     * The operations that a request is made of: a flush with data is a flush, then the write (as xen-blkback's
     * REQ_PREFLUSH); a barrier with data ends with a flush in addition, so that its data is durable before anything
     * that follows.
     */
    private boolean goesOn(PendingRequest request) {
        BlkifRequest blkif = request.blkif();
        boolean barrier = blkif.operation() == Blkif.OP_WRITE_BARRIER;
        if (blkif.segments() == 0 || !barrier && blkif.operation() != Blkif.OP_FLUSH_DISKCACHE) {
            return false;
        }
        if (request.step() == 1) {
            request.prepareData(IoRequest.Operation.WRITE, tools.buffers());
        } else if (request.step() == 2 && barrier) {
            request.prepare(IoRequest.Operation.FLUSH, 0);
        } else {
            return false;
        }
        if (!engine.submit(request)) {
            throw new IllegalStateException("the engine refused a request that it had just completed");
        }
        return true;
    }

    private void failed(PendingRequest request) {
        int errno = (int) -request.result();
        IoRequest.Operation operation = request.operation();
        ring.counters().increment(Counter.IO_ERRORS);
        if (holds && isHeld(operation, errno)) {
            boolean flush = operation == IoRequest.Operation.FLUSH;
            boolean first = responder.held() == 0 || flush && responder.heldFlushes() == 0;
            responder.hold(request, flush);
            if (first) {
                tools.listener().held(ring, operation, request.blkif().sector(), errno);
            }
        } else {
            report(request, errno);
            boolean unsupported = errno == Errno.EOPNOTSUPP && operation == IoRequest.Operation.DISCARD;
            responder.finish(request, unsupported ? Blkif.RSP_EOPNOTSUPP : Blkif.RSP_ERROR);
        }
    }

    /**
     * blkfront takes an error on an empty flush for "not supported", tells the file system it went well, and never
     * flushes again (xen-blkfront.c blkif_interrupt). So no policy lets a guest see one.
     */
    private boolean isHeld(IoRequest.Operation operation, int errno) {
        if (operation == IoRequest.Operation.FLUSH) {
            return true;
        }
        return switch (ring.spec().policy().onError()) {
            case REPORT -> false;
            case ENOSPC -> errno == Errno.ENOSPC || errno == Errno.EDQUOT;
            default -> operation != IoRequest.Operation.DISCARD || errno != Errno.EOPNOTSUPP;
        };
    }

    /** At most one in a second: dead storage fails everything. The counter has them all. */
    private void report(PendingRequest request, int errno) {
        long now = System.nanoTime();
        if (!reported || now - reportedAt > RingTools.SECOND_NS) {
            reported = true;
            reportedAt = now;
            tools.listener().failed(ring, request.operation(), request.blkif().sector(), errno);
        }
    }

    /** Copies all read data in one crossing, then answers. */
    private void copyToGuest() {
        CopyBatch batch = tools.toGuest();
        batch.execute();
        for (int i = 0; i < batch.size(); i++) {
            boolean copied = batch.copied(i);
            FaultPoint.AFTER_COPY_OUT.reached();
            if (!copied) {
                ring.counters().increment(Counter.COPY_FAILURES);
            }
            responder.finish(batch.request(i), copied ? Blkif.RSP_OKAY : Blkif.RSP_ERROR);
        }
        batch.clear();
    }
}
