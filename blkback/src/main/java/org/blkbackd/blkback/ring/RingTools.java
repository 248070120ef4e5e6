// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.ring;

import java.util.Arrays;
import org.blkbackd.blkback.blkif.Blkif;
import org.blkbackd.grant.EventChannels;
import org.blkbackd.grant.GrantCopy;
import org.blkbackd.grant.GrantTable;
import org.blkbackd.ioengine.Wakeup;

/** What a worker lends to its rings: one event-channel handle, buffers, and a copy batch each way. */
final class RingTools implements AutoCloseable {

    /** The most requests one pass of one ring can bring: the slots of the largest ring we offer. */
    private static final int MAX_SLOTS = 32;
    private static final int BUFFERS = 256;

    private final GrantTable grants;
    private final EventChannels channels;
    private final RingListener listener;
    private final Poller poller;
    private final BufferPool buffers = new BufferPool(BUFFERS);
    private final CopyBatch fromGuest;
    private final CopyBatch toGuest;
    private VbdRing[] byPort = new VbdRing[64];

    RingTools(GrantTable grants, EventChannels channels, RingListener listener) {
        this.grants = grants;
        this.channels = channels;
        this.listener = listener;
        poller = new Poller(channels.fd());
        fromGuest = batch(GrantCopy.Direction.FROM_GUEST);
        toGuest = batch(GrantCopy.Direction.TO_GUEST);
    }

    private CopyBatch batch(GrantCopy.Direction direction) {
        return new CopyBatch(grants.newCopy(direction, MAX_SLOTS * Blkif.MAX_SEGMENTS), MAX_SLOTS);
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

    Poller poller() {
        return poller;
    }

    Wakeup wakeup() {
        return poller;
    }

    BufferPool buffers() {
        return buffers;
    }

    CopyBatch fromGuest() {
        return fromGuest;
    }

    CopyBatch toGuest() {
        return toGuest;
    }

    /** The ring bound to a local port, or null. */
    VbdRing byPort(int port) {
        return port < byPort.length ? byPort[port] : null;
    }

    void rememberPort(int port, VbdRing ring) {
        if (port >= byPort.length) {
            byPort = Arrays.copyOf(byPort, Integer.highestOneBit(port) * 2);
        }
        byPort[port] = ring;
    }

    void forgetPort(int port) {
        if (port < byPort.length) {
            byPort[port] = null;
        }
    }

    @Override
    public void close() {
        fromGuest.close();
        toGuest.close();
        channels.close();
        buffers.close();
        poller.close();
    }
}
