// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.blkif;

import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;

/**
 * The backend's end of a ring: our private indices, which the frontend can neither see nor change, and the rules of
 * ring.h for consuming requests, publishing responses and asking for events. Owned by one thread.
 */
public final class BackRing {

    private final SharedRing shared;
    private int reqCons;
    private int rspProdPvt;
    /** What we last stored into rsp_prod. The ring's own copy is not asked: the frontend can write it. */
    private int rspProdPublished;

    /**
     * Attaches at {@code rsp_prod} (ring.h BACK_RING_ATTACH): a new frontend starts at 0, and a ring on which
     * everything consumed was answered is taken up where it stands.
     */
    public BackRing(SharedRing shared) {
        this.shared = shared;
        this.rspProdPvt = shared.rspProd();
        this.rspProdPublished = rspProdPvt;
        this.reqCons = rspProdPvt;
    }

    /** Attaches to a ring that another process served: published to {@code rspProd}, taken to {@code reqCons}. */
    public BackRing(SharedRing shared, int reqCons, int rspProd) {
        this.shared = shared;
        this.rspProdPvt = rspProd;
        this.rspProdPublished = rspProd;
        this.reqCons = reqCons;
    }

    /** What {@link #available} returns when the frontend's req_prod is impossible. */
    public static final int OVERFLOW = -1;

    /**
     * Requests that wait on the ring, or {@link #OVERFLOW} when req_prod claims more than the ring can hold beside
     * what has no published response (ring.h RING_REQUEST_PROD_OVERFLOW) or lies behind what was consumed.
     */
    public int available() {
        int prod = shared.reqProd();
        int waiting = prod - reqCons;
        int unanswered = prod - rspProdPublished;
        if (waiting < 0 || unanswered < 0 || unanswered > shared.slots()) {
            return OVERFLOW;
        }
        return waiting;
    }

    /** Copies the next request out of its slot, once, and takes it off the ring. Only after {@link #available} > 0. */
    public void consume(BlkifRequest into) {
        into.copyFrom(shared, reqCons);
        reqCons++;
    }

    /**
     * Writes one response. It stays invisible until {@link #push}. Only the fields are written: the padding keeps what
     * the frontend put there, so nothing of ours leaks (XSA-216).
     */
    public void respond(long id, int operation, int status) {
        ByteBuffer memory = shared.memory();
        int slot = shared.slotOffset(rspProdPvt);
        memory.putLong(slot, id);
        memory.put(slot + 8, (byte) operation);
        memory.putShort(slot + 10, (short) status);
        rspProdPvt++;
    }

    /**
     * Publishes the responses written since the last push (ring.h RING_PUSH_RESPONSES_AND_CHECK_NOTIFY) and says
     * whether the frontend asked for an event in that span.
     */
    public boolean push() {
        int old = rspProdPublished;
        int now = rspProdPvt;
        if (old == now) {
            return false;
        }
        shared.rspProd(now);
        rspProdPublished = now;
        // Full fence: rsp_prod must be visible before rsp_event is read. Pairs with the frontend's xen_mb() between its
        // store of rsp_event and its last look at rsp_prod.
        VarHandle.fullFence();
        return Integer.compareUnsigned(now - shared.rspEvent(), now - old) < 0;
    }

    /**
     * Before sleeping: asks for an event at the next request and looks once more (ring.h
     * RING_FINAL_CHECK_FOR_REQUESTS). True when requests wait after all, or the ring is in disorder.
     */
    public boolean finalCheck() {
        shared.reqEvent(reqCons + 1);
        // Full fence: req_event must be visible before req_prod is read again. Pairs with the frontend's xen_mb()
        // between its store of req_prod and its read of req_event.
        VarHandle.fullFence();
        return available() != 0;
    }

    /** Slots in the ring. */
    public int slots() {
        return shared.slots();
    }

    /** Index of the next request to consume. */
    public int reqCons() {
        return reqCons;
    }

    /** Index of the next response. */
    public int rspProd() {
        return rspProdPvt;
    }
}
