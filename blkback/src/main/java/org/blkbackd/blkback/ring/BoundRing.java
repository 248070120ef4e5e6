// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.ring;

import org.blkbackd.blkback.blkif.SharedRing;
import org.blkbackd.grant.EventChannels;
import org.blkbackd.grant.GrantMapping;

/** The pages and the port of a guest's ring, while they are ours. Owned by whoever serves or watches the ring. */
final class BoundRing {

    private final RingSpec spec;
    private final RingTools tools;
    private GrantMapping mapping;
    private int port = EventChannels.NONE;

    BoundRing(RingSpec spec, RingTools tools) {
        this.spec = spec;
        this.tools = tools;
    }

    SharedRing map() {
        mapping = tools.grants().map(spec.domid(), spec.ringRefs());
        return new SharedRing(mapping.buffer(), spec.abi());
    }

    void bind() {
        port = tools.channels().bindInterdomain(spec.domid(), spec.remotePort());
    }

    /** The local event-channel port. */
    int port() {
        return port;
    }

    /** Unbinds and unmaps what there is. */
    void release() {
        if (port != EventChannels.NONE) {
            tools.forgetPort(port);
            tools.channels().unbind(port);
            port = EventChannels.NONE;
        }
        if (mapping != null) {
            mapping.close();
            mapping = null;
        }
    }
}
