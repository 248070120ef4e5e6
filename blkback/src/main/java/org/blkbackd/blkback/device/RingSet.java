// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.device;

import java.util.ArrayList;
import java.util.List;
import org.blkbackd.blkback.blkif.DiskLimits;
import org.blkbackd.blkback.ring.RingSpec;
import org.blkbackd.blkback.ring.RingWorkerProxy;
import org.blkbackd.blkback.ring.VbdRing;
import org.blkbackd.blkback.xenbus.RingOffer;
import org.blkbackd.ioengine.Disk;

/**
 * The rings of one connection, each on a worker of its own as far as there are workers: they are attached together or
 * not at all, and released together. Owned by the conductor.
 */
final class RingSet {

    private final List<RingWorkerProxy> workers;
    private final List<VbdRing> rings = new ArrayList<>();
    /** Rings whose worker has not said yet how attaching went. */
    private int attaching;
    /** Rings that hold something. */
    private int live;
    private String failure;
    private int flushErrno;
    private boolean stopping;
    private boolean abandoned;

    /** @param workers ring n goes to the n-th of them, and round again */
    RingSet(List<RingWorkerProxy> workers) {
        this.workers = workers;
    }

    /** Attaches a ring for each queue of an offer. */
    void attach(String name, int domid, RingOffer offer, Disk disk, DiskLimits limits) {
        attaching = offer.queues().size();
        live = attaching;
        for (int i = 0; i < offer.queues().size(); i++) {
            RingOffer.Queue queue = offer.queues().get(i);
            rings.add(worker(i).attachRing(new RingSpec(name, i, domid, queue.ringRefs(), queue.port(), offer.abi(),
                disk, limits)));
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
        stopping = true;
        abandoned = true;
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
        return attaching == 0 && !stopping;
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

    /** Stops all rings in order. */
    void stop() {
        if (!stopping) {
            stopping = true;
            stopIfDue();
        }
    }

    /** The frontend is gone. */
    void abandon() {
        stopping = true;
        abandoned = true;
        stopIfDue();
    }

    /** A worker must have said how attaching went before it is told to stop. */
    private void stopIfDue() {
        if (!stopping || attaching > 0) {
            return;
        }
        for (VbdRing ring : rings) {
            if (abandoned) {
                worker(ring.spec().queue()).abandonRing(ring);
            } else {
                worker(ring.spec().queue()).stopRing(ring);
            }
        }
    }

    /** The disk has grown. */
    void setLimits(DiskLimits limits) {
        rings.forEach(ring -> worker(ring.spec().queue()).setLimits(ring, limits));
    }
}
