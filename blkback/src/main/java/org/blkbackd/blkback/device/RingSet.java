// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.device;

import java.util.ArrayList;
import java.util.List;
import org.blkbackd.blkback.blkif.DiskLimits;
import org.blkbackd.blkback.ring.RingSentinel;
import org.blkbackd.blkback.ring.RingSpec;
import org.blkbackd.blkback.ring.RingWorkerProxy;
import org.blkbackd.blkback.ring.VbdRing;

/**
 * The rings of one connection, each on a worker of its own as far as there are workers: they are attached together or
 * not at all, and released together. Owned by the conductor.
 */
final class RingSet {

    private final List<RingWorkerProxy> workers;
    private final List<VbdRing> rings = new ArrayList<>();
    /** How the rings are to end; the later in this order wins. */
    private enum Ending { NONE, KEEP, STOP, ABANDON }

    /** Rings whose worker has not said yet how attaching went. */
    private int attaching;
    /** Rings that hold something. */
    private int live;
    /** Rings that have not said yet that nothing is in flight. */
    private int undrained;
    private String failure;
    private int flushErrno;
    private Ending ending = Ending.NONE;

    /** @param workers ring n goes to the n-th of them, and round again */
    RingSet(List<RingWorkerProxy> workers) {
        this.workers = workers;
    }

    /** Attaches the rings. */
    void attach(List<RingSpec> specs) {
        attaching = specs.size();
        live = attaching;
        for (RingSpec spec : specs) {
            rings.add(worker(spec.queue()).attachRing(spec));
        }
    }

    private RingWorkerProxy worker(int queue) {
        return workers.get(queue % workers.size());
    }

    /** The rings. */
    List<VbdRing> rings() {
        return rings;
    }

    void onAttached() {
        attaching--;
        stopIfDue();
    }

    void onAttachFailed(String reason) {
        failure = failure == null ? reason : failure;
        // Rings of a frontend that is there: the others stop in order, or wait in their journals.
        Ending least = resumes() ? Ending.KEEP : Ending.ABANDON;
        ending = ending.compareTo(least) > 0 ? ending : least;
        attaching--;
        live--;
        stopIfDue();
    }

    void onReleased(int errno) {
        live--;
        flushErrno = flushErrno == 0 ? errno : flushErrno;
    }

    /** All rings are attached, and none is asked to stop. */
    boolean isServing() {
        return attaching == 0 && ending == Ending.NONE;
    }

    /** No ring holds anything. */
    boolean isReleased() {
        return attaching == 0 && live == 0;
    }

    /** Why a ring could not be attached, or null. */
    String failure() {
        return failure;
    }

    /** The first error of the flushes that end the rings, 0 when all data is durable. */
    int flushErrno() {
        return flushErrno;
    }

    /** Stops all rings for a successor. */
    void keep() {
        end(Ending.KEEP);
    }

    /** Stops all rings in order. */
    void stop() {
        end(Ending.STOP);
    }

    /** The frontend is gone. */
    void abandon() {
        end(Ending.ABANDON);
    }

    private void end(Ending how) {
        if (how.compareTo(ending) > 0) {
            ending = how;
            stopIfDue();
        }
    }

    /** Whether the rings are left to a successor. */
    boolean isKept() {
        return ending == Ending.KEEP;
    }

    /** Tries again what is held. */
    void retry() {
        rings.forEach(ring -> worker(ring.spec().queue()).retryRing(ring));
    }

    /** Has each ring's worker look again. */
    void rouse() {
        rings.forEach(ring -> worker(ring.spec().queue()).probe(() -> { }));
    }

    /** Has each ring say when nothing is in flight. */
    void drain() {
        if (undrained == 0) {
            undrained = rings.size();
            rings.forEach(ring -> worker(ring.spec().queue()).drainRing(ring));
        }
    }

    /** A ring has said it; returns whether it was the last. */
    boolean onDrained() {
        undrained--;
        return undrained == 0;
    }

    /** Watches the rings, which are released and kept, each on its worker. */
    List<RingSentinel> watch() {
        return rings.stream().map(ring -> worker(ring.spec().queue()).attachSentinel(ring.spec())).toList();
    }

    /** Rings that are attached after this find nothing of the sentinel. */
    void endWatch(RingSentinel sentinel) {
        worker(sentinel.spec().queue()).endSentinel(sentinel);
    }

    private boolean resumes() {
        return rings.get(0).spec().start() != RingSpec.Start.NEW;
    }

    /** A worker must have said how attaching went before it is told to stop. */
    private void stopIfDue() {
        if (attaching > 0) {
            return;
        }
        for (VbdRing ring : rings) {
            RingWorkerProxy worker = worker(ring.spec().queue());
            switch (ending) {
                case KEEP -> worker.keepRing(ring);
                case STOP -> worker.stopRing(ring);
                case ABANDON -> worker.abandonRing(ring);
                default -> {
                    // they serve
                }
            }
        }
    }

    /** The disk has grown. */
    void setLimits(DiskLimits limits) {
        rings.forEach(ring -> worker(ring.spec().queue()).setLimits(ring, limits));
    }
}
