// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.ring;

import java.util.Arrays;
import org.blkbackd.blkback.blkif.Blkif;
import org.blkbackd.blkback.blkif.BlkifAbi;
import org.blkbackd.grant.EventChannels;
import org.blkbackd.grant.GrantCopy;
import org.blkbackd.grant.GrantTable;
import org.blkbackd.ioengine.IoLoop;

/** What a worker lends to its rings: one event-channel handle, buffers, and a copy batch for each purpose. */
final class RingTools implements AutoCloseable {

    /** The most requests that one pass takes off one ring, or completes, and that one crossing copies. */
    static final int BATCH = 32;
    /** What a {@link #portion} never is less than: each costs crossings. */
    private static final int LEAST = 8;
    /** A ring with requests says so again after this time, in nanoseconds. */
    static final long ACTIVE_NS = 5_000_000_000L;
    /** Nanoseconds. */
    static final long SECOND_NS = 1_000_000_000L;

    /** As many plain requests as {@link #BATCH} has, or a few of the largest. */
    private static final int COPIES = 1024;
    private static final int CHUNKS = 256;
    /** Chunks that stay in memory for the kernel to know: as many as a busy worker has in use. */
    private static final int PREPARED = 64;
    private static final int TABLES = 256;
    /** Descriptor tables of a ring's own: a page of them. */
    private static final int OWN_TABLES = 2;

    private final GrantTable grants;
    private final EventChannels channels;
    private final RingListener listener;
    private final IoLoop loop;
    private final WorkerCounters counters;
    private final PassClock clock = new PassClock();
    private final BufferPool buffers = new BufferPool(CHUNKS, PendingRequest.MAX_CHUNKS,
        PendingRequest.CHUNK_SIZE);
    private final BufferPool tables = new BufferPool(TABLES, OWN_TABLES,
        Blkif.MAX_INDIRECT_SEGMENTS * BlkifAbi.SEGMENT_SIZE);
    private final CopyBatch descriptors;
    private final CopyBatch fromGuest;
    private final CopyBatch toGuest;
    private Attached[] byPort = new Attached[64];

    RingTools(GrantTable grants, EventChannels channels, IoLoop loop, RingListener listener) {
        this.grants = grants;
        this.channels = channels;
        this.listener = listener;
        this.loop = loop;
        loop.watch(channels.fd());
        loop.prepareBuffers(buffers.address(), (long) PREPARED * PendingRequest.CHUNK_SIZE);
        counters = new WorkerCounters(loop.counters());
        descriptors = new CopyBatch(grants.newCopy(GrantCopy.Direction.FROM_GUEST, BATCH), tables, BATCH,
            counters);
        fromGuest = new CopyBatch(grants.newCopy(GrantCopy.Direction.FROM_GUEST, COPIES), buffers, BATCH,
            counters);
        toGuest = new CopyBatch(grants.newCopy(GrantCopy.Direction.TO_GUEST, COPIES), buffers, BATCH,
            counters);
    }

    /**
     * Of so many requests on a ring or in flight, how many one pass takes, and how many it completes: a quarter. One
     * that takes up all there is and then answers all of it leaves the guest without an answer meanwhile, and then has
     * nothing to do itself until the guest is done with all of them; the two work in turn instead of side by side.
     */
    static int portion(int requests) {
        return Math.max(LEAST, Math.min(BATCH, requests / 4));
    }

    GrantTable grants() {
        return grants;
    }

    EventChannels channels() {
        return channels;
    }

    RingListener listener() {
        return listener;
    }

    WorkerCounters counters() {
        return counters;
    }

    PassClock clock() {
        return clock;
    }

    /** Where the worker sleeps. */
    IoLoop loop() {
        return loop;
    }

    /** Chunks for data; a ring can always have the largest request in flight. */
    BufferPool buffers() {
        return buffers;
    }

    /** Room for the segments of indirect requests. */
    BufferPool tables() {
        return tables;
    }

    CopyBatch descriptors() {
        return descriptors;
    }

    CopyBatch fromGuest() {
        return fromGuest;
    }

    CopyBatch toGuest() {
        return toGuest;
    }

    /** Forgets what a pass that was cut short left in them. */
    void clearBatches() {
        descriptors.clear();
        fromGuest.clear();
        toGuest.clear();
    }

    /** Who is bound to a local port, or null. */
    Attached byPort(int port) {
        return port < byPort.length ? byPort[port] : null;
    }

    void rememberPort(int port, Attached owner) {
        if (port >= byPort.length) {
            byPort = Arrays.copyOf(byPort, Integer.highestOneBit(port) * 2);
        }
        byPort[port] = owner;
    }

    void forgetPort(int port) {
        if (port < byPort.length) {
            byPort[port] = null;
        }
    }

    @Override
    public void close() {
        descriptors.close();
        fromGuest.close();
        toGuest.close();
        loop.close();
        channels.close();
        buffers.close();
        tables.close();
    }
}
