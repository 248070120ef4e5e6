// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.grant.sim;

import java.nio.ByteBuffer;

/** A page of a simulated guest. Its memory stays valid as long as its buffer is reachable. */
public final class GuestPage implements AutoCloseable {

    private final DomainMemory domain;
    private final int index;
    private final ByteBuffer buffer;
    private boolean freed;

    GuestPage(DomainMemory domain, int index) {
        this.domain = domain;
        this.index = index;
        this.buffer = domain.pages.buffer(index, 1);
    }

    /** The 4096 bytes, shared with whoever maps the page, in little-endian order; always the same object. */
    public ByteBuffer buffer() {
        return buffer;
    }

    /** Native address in this process. */
    public long address() {
        return domain.pages.address(index);
    }

    /**
     * Gives the page back to its domain. A second call does nothing.
     *
     * @throws IllegalStateException while the page is granted
     */
    @Override
    public synchronized void close() {
        if (!freed && !domain.pages.free(index)) {
            throw new IllegalStateException("page " + index + " of domain " + domain.domid + " is still granted");
        }
        freed = true;
    }

    int index() {
        return index;
    }

    DomainMemory domain() {
        return domain;
    }
}
