// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.ring;

import java.util.Queue;
import org.blkbackd.blkback.blkif.DiskLimits;

/** The only way another thread speaks to a {@link RingWorker}: each method enqueues, and that is all. */
public final class RingWorkerProxy {

    private final RingWorker worker;
    private final Queue<Runnable> commands;
    private final RingTools tools;

    RingWorkerProxy(RingWorker worker, Queue<Runnable> commands, RingTools tools) {
        this.worker = worker;
        this.commands = commands;
        this.tools = tools;
    }

    /** What the worker has cost. */
    public WorkerCounters counters() {
        return tools.counters();
    }

    /** Attaches a new ring; {@link RingListener#attached} or {@link RingListener#attachFailed} follows. */
    public VbdRing attachRing(RingSpec spec) {
        VbdRing ring = new VbdRing(spec, tools);
        offer(() -> worker.onAttachRing(ring));
        return ring;
    }

    /** The disk behind an attached ring has grown. */
    public void setLimits(VbdRing ring, DiskLimits limits) {
        offer(() -> ring.limits(limits));
    }

    /** Stops an attached ring in order; {@link RingListener#released} follows when its I/O has ended. */
    public void stopRing(VbdRing ring) {
        offer(() -> worker.onStopRing(ring));
    }

    /** Stops an attached ring for a successor; {@link RingListener#released} follows when its I/O has ended. */
    public void keepRing(VbdRing ring) {
        offer(() -> worker.onKeepRing(ring));
    }

    /** Has an attached ring try again what it holds. */
    public void retryRing(VbdRing ring) {
        offer(() -> worker.onRetryRing(ring));
    }

    /** Stops an attached ring whose frontend is gone; {@link RingListener#released} follows when its I/O has ended. */
    public void abandonRing(VbdRing ring) {
        offer(() -> worker.onAbandonRing(ring));
    }

    /** Has an attached ring say, by {@link RingListener#drained}, when nothing is in flight or on the ring. */
    public void drainRing(VbdRing ring) {
        offer(() -> worker.onDrainRing(ring));
    }

    /**
     * Watches a ring that was kept, until {@link #endSentinel}. {@link RingListener#moved} follows when its guest goes
     * on, or {@link RingListener#blind}.
     *
     * @param kept of the ring
     */
    public RingSentinel attachSentinel(RingSpec kept) {
        RingSentinel sentinel = new RingSentinel(kept, tools);
        offer(() -> worker.onAttachSentinel(sentinel));
        return sentinel;
    }

    /** Ends a sentinel, attached or blind; {@link RingListener#ended} follows. */
    public void endSentinel(RingSentinel sentinel) {
        offer(() -> worker.onEndSentinel(sentinel));
    }

    /** Has the worker run {@code answer}, which must be short: to see that it still works. */
    public void probe(Runnable answer) {
        offer(answer);
    }

    /** Ends the worker. Its rings are released before. */
    public void close() {
        offer(worker::onClose);
    }

    private void offer(Runnable command) {
        commands.add(command);
        tools.loop().wake();
    }
}
