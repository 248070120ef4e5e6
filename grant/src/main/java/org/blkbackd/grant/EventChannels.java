// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.grant;

/**
 * One handle on the event channels of this domain. Owned by one thread, except {@link #fd}'s descriptor, which a
 * poller may watch. Ports that are still bound are released by {@link #close}, and by the death of the process.
 */
public interface EventChannels extends AutoCloseable {

    /** What {@link #pending} returns when no port is pending. */
    int NONE = -1;

    /** A descriptor that polls readable while a port is pending, and perhaps once more than that. */
    int fd();

    /**
     * Binds {@code remotePort} of {@code domid} and returns the local port. The new port is pending at once, as Xen
     * does it, so an event sent before the binding is not lost.
     *
     * @throws GrantException naming the domain, the port and the errno
     */
    int bindInterdomain(int domid, int remotePort);

    /**
     * The next pending local port, which is masked until {@link #unmask}, or {@link #NONE}. Never blocks. Call it until
     * NONE before polling {@link #fd} again. A port may come without an event: after a loss of events, all do.
     */
    int pending();

    /** Lets {@code port} become pending again; an event that came while it was masked makes it pending at once. */
    void unmask(int port);

    /**
     * Sends an event to the other end. An event to an end that is gone is dropped silently, as Xen does it.
     *
     * @throws GrantException when {@code port} is not one of this handle
     */
    void notify(int port);

    /** Releases {@code port}. The frontend's end becomes unbound and may be bound again by this domain. */
    void unbind(int port);

    @Override
    void close();
}
