// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.ring;

import org.blkbackd.blkback.blkif.BackRing;
import org.blkbackd.blkback.blkif.Blkif;
import org.blkbackd.blkback.blkif.BlkifRequest;
import org.blkbackd.blkback.ring.RingCounters.Counter;

/** The single end of every request: its response, its counts, its buffers. Owned by its ring. */
final class Responder {

    private final RingCounters counters;
    private final LatencyCounts latencies;
    private final InFlight inFlight;
    private BackRing back;

    Responder(RingCounters counters, LatencyCounts latencies, InFlight inFlight, BackRing back) {
        this.counters = counters;
        this.latencies = latencies;
        this.inFlight = inFlight;
        this.back = back;
    }

    /** The frontend is gone: answers go nowhere from here on. */
    void disconnect() {
        back = null;
    }

    boolean isConnected() {
        return back != null;
    }

    /** Answers, and gives back all that the request had. */
    void finish(PendingRequest request, int status) {
        BlkifRequest blkif = request.blkif();
        if (back != null) {
            back.respond(blkif.id(), blkif.operation(), status);
        }
        counters.increment(Counter.RESPONSES);
        if (status == Blkif.RSP_OKAY) {
            count(blkif);
            latencies.record(operation(blkif), System.nanoTime() - request.takenAt());
        }
        ended(request);
        inFlight.give(request);
    }

    /** Keeps the request unanswered, without its buffers: the guest still has the data. */
    void hold(PendingRequest request) {
        counters.increment(Counter.HELD);
        ended(request);
        inFlight.hold();
    }

    private void ended(PendingRequest request) {
        for (int i = 0; i < request.chunkCount(); i++) {
            inFlight.chunks().give(request.chunk(i));
        }
        request.forgetChunks();
        if (request.table() != PendingRequest.NONE) {
            inFlight.tables().give(request.table());
            request.table(PendingRequest.NONE);
        }
        if (request.blkif().operation() == Blkif.OP_WRITE_BARRIER) {
            inFlight.barrier(false);
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
