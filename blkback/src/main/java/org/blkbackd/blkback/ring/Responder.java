// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.ring;

import org.blkbackd.blkback.blkif.BackRing;
import org.blkbackd.blkback.blkif.Blkif;
import org.blkbackd.blkback.blkif.BlkifRequest;
import org.blkbackd.blkback.fault.FaultPoint;
import org.blkbackd.blkback.journal.RingJournal;
import org.blkbackd.blkback.ring.RingCounters.Counter;

/**
 * The single end of every request: its response, its counts, its buffers, its place in the journal. Owned by its ring.
 */
final class Responder {

    private final RingCounters counters;
    private final LatencyCounts latencies;
    private final InFlight inFlight;
    private final RingJournal journal;
    private final PassClock clock;
    /** Answered, and not published. */
    private final PendingRequest[] unpublished;
    private int unpublishedCount;
    private BackRing back;

    Responder(VbdRing ring, InFlight inFlight, BackRing back, PassClock clock) {
        counters = ring.counters();
        latencies = ring.latencies();
        journal = ring.spec().journal();
        this.inFlight = inFlight;
        this.back = back;
        this.clock = clock;
        unpublished = new PendingRequest[back.slots()];
    }

    /** The frontend is gone: answers go nowhere from here on. */
    void disconnect() {
        while (unpublishedCount > 0) {
            inFlight.give(unpublished[--unpublishedCount]);
        }
        back = null;
    }

    boolean isConnected() {
        return back != null;
    }

    /** Answers, and gives back all that the request had. */
    void finish(PendingRequest request, int status) {
        BlkifRequest blkif = request.blkif();
        if (back != null) {
            journal.answered(request.number(), back.rspProd());
            FaultPoint.AFTER_MARK.reached();
            back.respond(blkif.id(), blkif.operation(), status);
            FaultPoint.AFTER_RESPONSE.reached();
        }
        counters.increment(Counter.RESPONSES);
        if (status == Blkif.RSP_OKAY) {
            count(blkif);
            latencies.record(operation(blkif), clock.now() - request.takenAt());
        }
        if (request.isHeld()) {
            request.held(false);
            counters.add(Counter.HELD, -1);
            flushHeld(request, false);
        }
        if (inFlight.barrier() == request) {
            inFlight.barrier(null);
        }
        giveBuffers(request);
        if (back != null) {
            unpublished[unpublishedCount++] = request;
        } else {
            inFlight.give(request);
        }
    }

    /**
     * Publishes what was answered since the last time; {@link RingJournal} says why in this order.
     *
     * @return whether the frontend asked for an event
     */
    boolean publish() {
        if (unpublishedCount == 0) {
            return false;
        }
        boolean notify = back.push();
        FaultPoint.AFTER_PUBLISH.reached();
        journal.published(back.rspProd());
        FaultPoint.AFTER_PUBLISH_RECORD.reached();
        for (int i = 0; i < unpublishedCount; i++) {
            journal.release(unpublished[i].number());
            inFlight.give(unpublished[i]);
        }
        unpublishedCount = 0;
        FaultPoint.BEFORE_NOTIFY.reached();
        return notify;
    }

    /**
     * Keeps the request unanswered, without its buffers: the guest still has the data.
     *
     * @param flush what failed of it
     */
    void hold(PendingRequest request, boolean flush) {
        if (!request.isHeld()) {
            request.held(true);
            counters.increment(Counter.HELD);
        }
        flushHeld(request, flush);
        giveBuffers(request);
        inFlight.held().insert(request);
    }

    private void flushHeld(PendingRequest request, boolean flush) {
        if (request.isFlushHeld() != flush) {
            request.flushHeld(flush);
            counters.add(Counter.HELD_FLUSHES, flush ? 1 : -1);
        }
    }

    /** Requests kept unanswered, those that are being tried again included. */
    long held() {
        return counters.get(Counter.HELD);
    }

    /** Those of them whose flush failed. */
    long heldFlushes() {
        return counters.get(Counter.HELD_FLUSHES);
    }

    /** Gives back what a request has of its worker's. */
    void giveBuffers(PendingRequest request) {
        for (int i = 0; i < request.chunkCount(); i++) {
            inFlight.chunks().give(request.chunk(i));
        }
        request.forgetChunks();
        if (request.table() != PendingRequest.NONE) {
            inFlight.tables().give(request.table());
            request.table(PendingRequest.NONE);
        }
    }

    private static LatencyCounts.Operation operation(BlkifRequest blkif) {
        return switch (blkif.operation()) {
            case Blkif.OP_READ -> LatencyCounts.Operation.READ;
            case Blkif.OP_WRITE -> LatencyCounts.Operation.WRITE;
            case Blkif.OP_DISCARD -> LatencyCounts.Operation.DISCARD;
            default -> LatencyCounts.Operation.FLUSH;
        };
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
            case Blkif.OP_DISCARD -> {
                counters.increment(Counter.DISCARDS);
                counters.add(Counter.DISCARD_BYTES, blkif.discardSectors() << Blkif.SECTOR_SHIFT);
            }
            default -> {
                counters.increment(Counter.FLUSHES);
                counters.add(Counter.WRITE_BYTES, bytes);
            }
        }
    }
}
