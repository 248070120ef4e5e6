// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.ring;

import org.blkbackd.blkback.blkif.BackRing;
import org.blkbackd.blkback.journal.JournalException;

/**
 * Watches the ring of a guest that seems to be suspended, while its image is closed: mapped and bound, and nothing
 * else. It takes nothing off the ring, and writes only {@code req_event}, to be told of the next request. A guest that
 * resumes without having moved to another host goes on with the same ring and tells nobody (xenbus_probe_frontend.c,
 * xenbus_dev_cancel), so its next request is all there is to see. Made by the conductor, then owned by its
 * {@link RingWorker}; {@link #spec} is for everyone.
 */
public final class RingSentinel implements Attached {

    private final RingSpec spec;
    private final RingTools tools;
    private final BoundRing bound;
    private BackRing back;
    /** One look is due, with or without an event. */
    private boolean signalled = true;
    private boolean told;
    private boolean ended;

    RingSentinel(RingSpec spec, RingTools tools) {
        this.spec = spec;
        this.tools = tools;
        bound = new BoundRing(spec, tools);
    }

    /** Of the ring; its disk is closed. */
    public RingSpec spec() {
        return spec;
    }

    /** The local event-channel port. */
    int port() {
        return bound.port();
    }

    /** Maps and binds. On an exception nothing is left behind. */
    void attach() {
        try {
            int reqCons = spec.journal().reqCons();
            // all that was taken is answered
            back = new BackRing(bound.map(), reqCons, reqCons);
            bound.bind();
        } catch (JournalException e) {
            end();
            throw new IllegalStateException(e.getMessage(), e);
        } catch (RuntimeException e) {
            end();
            throw e;
        }
    }

    /** Unbinds and unmaps. */
    void end() {
        ended = true;
        back = null;
        bound.release();
    }

    @Override
    public void signal() {
        signalled = true;
    }

    /** An event may have been on its way since before the guest was suspended; what counts is the ring. */
    @Override
    public int pass(boolean last) {
        if (!signalled || told || ended) {
            return 0;
        }
        signalled = false;
        if (back.finalCheck()) {
            tell();
        } else {
            tools.channels().unmask(bound.port());
        }
        return 1;
    }

    /** Once; the port stays masked, so that the guest cannot keep us busy. */
    private void tell() {
        told = true;
        tools.listener().moved(this);
    }

    @Override
    public boolean isReleased() {
        return ended;
    }

    /** Serving the guest again is always right. */
    @Override
    public boolean fail(RuntimeException fault) {
        boolean first = !told;
        if (first) {
            tell();
        }
        return first;
    }
}
