// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.grant;

import java.nio.ByteBuffer;
import java.util.OptionalInt;

/** The other end of a contract test: a domain that grants pages and ports to the one under test. */
public interface GuestSide extends AutoCloseable {

    /** A page of the guest's, as the guest sees it. */
    record Page(int grantRef, ByteBuffer buffer) { }

    /** The guest's domid. */
    int domid();

    /** A page granted to the domain under test; the buffer is little-endian. */
    Page grant(boolean readOnly);

    /** How many grants are mapped, where the fixture can tell. */
    OptionalInt mappedGrants();

    /** A port that {@code remoteDomid} may bind. */
    int allocUnbound(int remoteDomid);

    /** Sends an event through the guest's {@code port}. */
    void notify(int port);

    /** The guest's pending port, or {@link EventChannels#NONE}. */
    int pending();

    /** Lets the guest's port become pending again. */
    void unmask(int port);

    /** Polls readable while {@link #pending} has something to return. */
    int fd();

    /** Closes the guest's port. */
    void closePort(int port);

    @Override
    void close();
}
