// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.ring;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.blkbackd.blkback.blkif.BackRing;
import org.blkbackd.blkback.blkif.SharedRing;
import org.blkbackd.blkback.fault.FaultPoint;
import org.blkbackd.blkback.fault.Faults;
import org.blkbackd.blkback.journal.JournalException;
import org.blkbackd.blkback.journal.RingJournal;
import org.blkbackd.ioengine.IoEngine;

/** What an attached ring is made of: made whole or not at all. Owned by its ring. */
final class RingParts {

    private final VbdRing ring;
    private final RingTools tools;
    private final RingSpec spec;
    private final BoundRing bound;
    private BackRing back;
    private IoEngine engine;
    private InFlight inFlight;
    private Responder responder;
    private RingIntake intake;
    private RingCompletion completion;

    RingParts(VbdRing ring, RingTools tools) {
        this.ring = ring;
        this.tools = tools;
        spec = ring.spec();
        bound = new BoundRing(spec, tools);
    }

    BackRing back() {
        return back;
    }

    IoEngine engine() {
        return engine;
    }

    InFlight inFlight() {
        return inFlight;
    }

    Responder responder() {
        return responder;
    }

    RingIntake intake() {
        return intake;
    }

    RingCompletion completion() {
        return completion;
    }

    /** The local event-channel port. */
    int port() {
        return bound.port();
    }

    /** Maps, binds, makes the engine, takes up what the journal holds. On an exception nothing is left behind. */
    void attach() {
        try {
            back = backRing(bound.map());
            engine = spec.disk().newEngine(back.slots() + 1, tools.loop());
            inFlight = new InFlight(back.slots(), tools.buffers().open(), tools.tables().open());
            responder = new Responder(ring, inFlight, back, tools.clock());
            intake = new RingIntake(spec, tools, ring.counters(), inFlight, responder, engine, back);
            completion = new RingCompletion(ring, tools, responder, engine);
            if (spec.start() == RingSpec.Start.JOURNALED) {
                takeUp();
            }
            bound.bind();
            if (spec.start() != RingSpec.Start.NEW) {
                FaultPoint.RECOVERY_ATTACHED.reached();
            }
        } catch (RuntimeException e) {
            releaseGuest();
            if (engine != null) {
                engine.close();
            }
            if (inFlight != null) {
                inFlight.close();
            }
            throw e;
        }
    }

    private BackRing backRing(SharedRing shared) {
        RingJournal journal = spec.journal();
        if (journal.slots() != shared.slots()) {
            throw new IllegalStateException("the journal is of a ring of " + journal.slots() + " slots");
        }
        if (spec.start() == RingSpec.Start.JOURNALED && journal.isBegun()) {
            return settled(shared, journal);
        }
        if (spec.start() != RingSpec.Start.NEW && shared.reqProd() != shared.rspProd()
            && !Faults.isOff(Faults.Safeguard.JOURNAL)) {
            throw new IllegalStateException("requests are in flight, and nobody knows which: there is no journal");
        }
        BackRing fresh = new BackRing(shared);
        journal.begin(fresh.reqCons(), fresh.rspProd());
        return fresh;
    }

    private static BackRing settled(SharedRing shared, RingJournal journal) {
        try {
            int rspProd = shared.rspProd();
            journal.settle(rspProd);
            return new BackRing(shared, journal.reqCons(), rspProd);
        } catch (JournalException e) {
            throw new IllegalStateException("its journal cannot be used: " + e.getMessage(), e);
        }
    }

    /** What the journal holds is carried out anew, in the order in which it was taken. */
    private void takeUp() {
        RingJournal journal = spec.journal();
        List<Integer> entries = new ArrayList<>();
        for (int entry = 0; entry < journal.slots(); entry++) {
            if (journal.isUsed(entry)) {
                entries.add(entry);
            }
        }
        // the index wraps; the oldest is furthest behind reqCons
        entries.sort(Comparator.comparingLong(
            (Integer entry) -> Integer.toUnsignedLong(back.reqCons() - journal.index(entry))).reversed());
        long now = System.nanoTime();
        for (int entry : entries) {
            PendingRequest request = inFlight.take(entry);
            journal.load(entry, request.blkif(), spec.abi());
            request.takenAt(now);
            ring.counters().increment(RingCounters.Counter.REQUESTS);
            intake.again(request);
        }
    }

    /** Unbinds and unmaps; I/O in flight goes on in buffers of ours. */
    void releaseGuest() {
        back = null;
        bound.release();
    }
}
