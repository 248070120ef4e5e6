// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.grant.sim;

/**
 * Binds and releases ports of one domain: the transitions of two ends, each made so that being killed between two steps
 * leaves a channel that the other end takes for unbound.
 */
final class PortTable {

    private final SimHypervisor hypervisor;
    private final DomainMemory domain;
    private final SharedPorts ports;

    PortTable(SimHypervisor hypervisor, DomainMemory domain) {
        this.hypervisor = hypervisor;
        this.domain = domain;
        this.ports = domain.ports;
    }

    /** A new port that {@code remoteDomid} may bind; -1 when there is none. */
    int allocateUnbound(int remoteDomid, int handle) {
        int port = ports.allocate(hypervisor.members().token(), handle);
        if (port >= 0) {
            long link = ports.link(port);
            ports.casLink(port, link, PortLink.unbound(link, remoteDomid));
        }
        return port;
    }

    /** A new port bound to {@code remotePort} of {@code remote} and pending; -1 when we have none, 0 when refused. */
    int bind(DomainMemory remote, int remotePort, int handle) {
        int port = ports.allocate(hypervisor.members().token(), handle);
        if (port < 0) {
            return -1;
        }
        ports.raise(port);
        long theirs = remote.ports.link(remotePort);
        while (isBindable(remote, remotePort, theirs)) {
            long old = ports.link(port);
            // Ours first: a link that leads to a port which does not lead back counts as unbound.
            long ours = PortLink.interdomain(old, remote.domid, remotePort, theirs);
            ports.casLink(port, old, ours);
            if (remote.ports.casLink(remotePort, theirs,
                    PortLink.interdomain(theirs, domain.domid, port, ours))) {
                return port;
            }
            theirs = remote.ports.link(remotePort);
        }
        release(port);
        return 0;
    }

    /**
     * Frees {@code port}. The other end, which now leads nowhere, counts as unbound, open to this domain alone, as
     * evtchn_close leaves it.
     */
    void release(int port) {
        long link = ports.link(port);
        while (PortLink.state(link) != PortLink.FREE && !ports.casLink(port, link, PortLink.free(link))) {
            link = ports.link(port);
        }
    }

    /** Frees the ports of processes that died. */
    void releaseDead() {
        for (int port = 1; port < ports.end(); port++) {
            long link = ports.link(port);
            if (PortLink.state(link) != PortLink.FREE && !isOwned(ports, port, link)) {
                ports.casLink(port, link, PortLink.free(link));
            }
        }
    }

    /** Frees all ports. */
    void releaseAll() {
        for (int port = 1; port < ports.end(); port++) {
            release(port);
        }
    }

    /** Whether the other end of {@code port} is there and its owner alive. */
    boolean isBound(int port) {
        long link = ports.link(port);
        if (PortLink.state(link) != PortLink.INTERDOMAIN) {
            return false;
        }
        DomainMemory remote = hypervisor.existing(PortLink.remoteDomid(link));
        return remote != null && leadsBack(remote, port, link);
    }

    /** Unbound for us, or bound to one of us who is dead; and not itself left by the dead. */
    private boolean isBindable(DomainMemory remote, int remotePort, long link) {
        boolean open = switch (PortLink.state(link)) {
            case PortLink.UNBOUND -> true;
            case PortLink.INTERDOMAIN -> !leadsBackTo(remote, remotePort, link);
            default -> false;
        };
        return open && PortLink.remoteDomid(link) == domain.domid && isOwned(remote.ports, remotePort, link);
    }

    /** Whether our end of the remote's channel still exists. */
    private boolean leadsBackTo(DomainMemory remote, int remotePort, long theirs) {
        return PortLink.remoteDomid(theirs) == domain.domid
            && new PortTable(hypervisor, remote).leadsBack(domain, remotePort, theirs);
    }

    private boolean leadsBack(DomainMemory remote, int port, long link) {
        int remotePort = PortLink.remotePort(link);
        long back = remote.ports.link(remotePort);
        return PortLink.names(back, domain.domid, port, link) && PortLink.serial(back) == PortLink.remoteSerial(link)
            && isOwned(remote.ports, remotePort, back);
    }

    private boolean isOwned(SharedPorts table, int port, long link) {
        return hypervisor.members().isAlive(table.owner(port, link));
    }
}
