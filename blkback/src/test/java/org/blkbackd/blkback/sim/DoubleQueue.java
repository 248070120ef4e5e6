// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.sim;

import java.nio.ByteBuffer;
import org.blkbackd.blkback.blkif.BackRing;
import org.blkbackd.blkback.blkif.BlkifAbi;
import org.blkbackd.blkback.blkif.BlkifRequest;
import org.blkbackd.blkback.blkif.SharedRing;
import org.blkbackd.grant.EventChannels;
import org.blkbackd.grant.GrantMapping;
import org.blkbackd.grant.GrantTable;

/** One ring of {@link DoubleBackend}, mapped. */
final class DoubleQueue {

    final DoubleRequest request = new DoubleRequest();
    final SharedRing shared;
    final BackRing back;
    private final BlkifRequest discarded = new BlkifRequest();
    private final ByteBuffer memory;
    private final BlkifAbi abi;
    private final GrantTable grants;
    private final EventChannels channels;
    private final GrantMapping mapping;
    private final int domid;
    private final int port;
    volatile long served;

    DoubleQueue(GrantTable grants, EventChannels channels, int domid, int[] refs, int remotePort, BlkifAbi abi) {
        this.grants = grants;
        this.channels = channels;
        this.domid = domid;
        this.abi = abi;
        mapping = grants.map(domid, refs);
        memory = mapping.buffer();
        shared = new SharedRing(memory, abi);
        back = new BackRing(shared);
        port = channels.bindInterdomain(domid, remotePort);
    }

    /** Takes the next request into {@link #request}. */
    boolean take() {
        if (back.available() <= 0 && !(back.finalCheck() && back.available() > 0)) {
            return false;
        }
        int slot = 64 + (back.reqCons() & shared.slots() - 1) * abi.slotSize();
        request.read(memory, slot, abi, grants, domid);
        back.consume(discarded);
        served++;
        return true;
    }

    void respond(long id, int operation, int status) {
        back.respond(id, operation, status);
    }

    void push(boolean notifies) {
        if (back.push() && notifies) {
            channels.notify(port);
        }
    }

    void close() {
        channels.unbind(port);
        mapping.close();
    }
}
