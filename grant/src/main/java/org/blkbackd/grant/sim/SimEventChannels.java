// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.grant.sim;

import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLongArray;
import org.blkbackd.grant.Errno;
import org.blkbackd.grant.EventChannels;
import org.blkbackd.grant.GrantException;

/**
 * One handle on a simulated domain's event channels. {@link #fd} may stay readable after the last event was taken,
 * until {@link #pending} has returned {@link #NONE} once. Owned by one thread, like any {@link EventChannels}.
 */
final class SimEventChannels implements EventChannels {

    private final SimHypervisor hypervisor;
    private final DomainMemory domain;
    private final SharedPorts ports;
    private final PortTable table;
    private final WakeFifo fifo;
    /** A bit for each port of this handle. Atomic, because the hypervisor may close us from another thread. */
    private final AtomicLongArray mine = new AtomicLongArray(SharedPorts.WORDS);
    /** The FIFO that was last woken through each of our ports, so that a notification allocates nothing. */
    private WakeFifo[] peers = new WakeFifo[0];
    private int lastPort;

    SimEventChannels(SimHypervisor hypervisor, DomainMemory domain) {
        this.hypervisor = hypervisor;
        this.domain = domain;
        this.ports = domain.ports;
        this.table = new PortTable(hypervisor, domain);
        this.fifo = hypervisor.fifos().create();
    }

    @Override
    public int fd() {
        return fifo.fd();
    }

    @Override
    public int bindInterdomain(int domid, int remotePort) {
        int errno = hypervisor.faults().ofCall(SimFaults.Call.BIND);
        DomainMemory remote = hypervisor.existing(domid);
        int port = 0;
        if (errno == 0 && remote == null) {
            errno = Errno.ESRCH;
        } else if (errno == 0) {
            port = SharedPorts.isPort(remotePort) ? table.bind(remote, remotePort, handle()) : 0;
            errno = port < 0 ? Errno.ENOSPC : Errno.EINVAL;
        }
        if (port <= 0) {
            throw GrantException.ofBind(domid, remotePort, errno);
        }
        own(port);
        fifo.wake();
        return port;
    }

    @Override
    public int pending() {
        int port = take();
        if (port == NONE) {
            fifo.drain();
            port = take();
            if (port != NONE) {
                // The byte that told of it is gone, and perhaps that of another one.
                fifo.wake();
            }
        }
        return port;
    }

    @Override
    public void unmask(int port) {
        if (isMine(port) && ports.unmask(port)) {
            fifo.wake();
        }
    }

    @Override
    public void notify(int port) {
        if (!isMine(port)) {
            throw new GrantException("cannot notify event channel " + port, Errno.ENOTCONN);
        }
        long link = ports.link(port);
        DomainMemory remote = PortLink.state(link) == PortLink.INTERDOMAIN
            ? hypervisor.existing(PortLink.remoteDomid(link)) : null;
        if (remote == null) {
            return;
        }
        int remotePort = PortLink.remotePort(link);
        long back = remote.ports.link(remotePort);
        if (PortLink.names(back, domain.domid, port, link) && remote.ports.raise(remotePort)) {
            // Always, even if it was pending before: who made it so may have been killed before he could wake.
            wake(port, WakeFifos.key(remote.ports.owner(remotePort, back), remote.ports.handle(remotePort)));
        }
    }

    @Override
    public void unbind(int port) {
        if (!isMine(port)) {
            throw new GrantException("cannot unbind event channel " + port, Errno.ENOTCONN);
        }
        disown(port);
        table.release(port);
    }

    @Override
    public void close() {
        for (int port = 1; port < ports.end(); port++) {
            if (isMine(port)) {
                unbind(port);
            }
        }
        hypervisor.fifos().discard(fifo);
        hypervisor.closed(this);
    }

    /** A new port of ours that {@code remoteDomid} may bind (EVTCHNOP_alloc_unbound). */
    int allocateUnbound(int remoteDomid) {
        int port = table.allocateUnbound(remoteDomid, handle());
        if (port < 0) {
            throw new GrantException("no event channel is left in domain " + domain.domid, Errno.ENOSPC);
        }
        own(port);
        return port;
    }

    boolean isBound(int port) {
        return SharedPorts.isPort(port) && table.isBound(port);
    }

    boolean await(int timeoutMs) {
        return fifo.await(timeoutMs);
    }

    /** The next deliverable port of ours, masked; they take turns. */
    private int take() {
        int first = lastPort + 1 & SharedPorts.COUNT - 1;
        int firstWord = first >> 6;
        for (int i = 0; i <= SharedPorts.WORDS; i++) {
            int word = firstWord + i & SharedPorts.WORDS - 1;
            long bits = mine.get(word);
            if (i == 0) {
                bits &= -1L << first;
            }
            if (bits != 0) {
                bits &= ports.deliverable(word);
            }
            if (bits != 0) {
                lastPort = word << 6 | Long.numberOfTrailingZeros(bits);
                ports.take(lastPort);
                return lastPort;
            }
        }
        return NONE;
    }

    private void wake(int port, long key) {
        WakeFifo peer = peers[port];
        if (peer == null || peer.key() != key) {
            peer = hypervisor.fifos().find(key);
            peers[port] = peer;
        }
        peer.wake();
    }

    private int handle() {
        return (int) fifo.key();
    }

    private boolean isMine(int port) {
        return SharedPorts.isPort(port) && (mine.get(port >> 6) & 1L << port) != 0;
    }

    private void own(int port) {
        if (port >= peers.length) {
            peers = Arrays.copyOf(peers, port + 16);
        }
        mine.getAndUpdate(port >> 6, bits -> bits | 1L << port);
    }

    private void disown(int port) {
        mine.getAndUpdate(port >> 6, bits -> bits & ~(1L << port));
    }
}
