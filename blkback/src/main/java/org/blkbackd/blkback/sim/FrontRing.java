// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.sim;

import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.blkbackd.blkback.blkif.Blkif;
import org.blkbackd.blkback.blkif.BlkifAbi;
import org.blkbackd.blkback.blkif.SharedRing;

/**
 * The frontend's end of a ring (ring.h FRONT_RING). Requests are built as raw bytes, so that a test can send what no
 * honest driver would. Owned by one thread.
 */
public final class FrontRing {

    private final SharedRing shared;
    private final ByteBuffer memory;
    private final BlkifAbi abi;
    private int reqProdPvt;
    private int rspCons;

    /** Starts a fresh ring (ring.h SHARED_RING_INIT) in {@code memory}, whose indices begin at {@code first}. */
    public FrontRing(ByteBuffer memory, BlkifAbi abi, int first) {
        this.memory = memory.duplicate().order(ByteOrder.LITTLE_ENDIAN);
        this.abi = abi;
        this.shared = new SharedRing(this.memory, abi);
        this.reqProdPvt = first;
        this.rspCons = first;
        shared.rspProd(first);
        shared.reqProd(first);
        shared.reqEvent(first + 1);
        shared.rspEvent(first + 1);
    }

    /** Slots of the ring. */
    public int slots() {
        return shared.slots();
    }

    /** Slots that may be filled now. */
    public int free() {
        return shared.slots() - (reqProdPvt - rspCons);
    }

    /** A cleared slot for the next request; {@link #operation} and the rest fill it. Takes the slot. */
    public int claim() {
        int slot = SharedRing.HEADER_SIZE + (reqProdPvt & (shared.slots() - 1)) * abi.slotSize();
        for (int i = 0; i < abi.slotSize(); i++) {
            memory.put(slot + i, (byte) 0);
        }
        reqProdPvt++;
        return slot;
    }

    /** Fills the fixed part of the request in {@code slot}. */
    public void header(int slot, int operation, int segments, long id, long sector) {
        memory.put(slot, (byte) operation);
        memory.put(slot + 1, (byte) segments);
        memory.putLong(slot + abi.idOffset(), id);
        memory.putLong(slot + abi.sectorOffset(), sector);
    }

    /** Fills one segment; numbers are truncated to their fields, not checked. */
    public void segment(int slot, int index, int grantRef, int firstSector, int lastSector) {
        int at = slot + abi.segmentOffset(index);
        memory.putInt(at, grantRef);
        memory.put(at + 4, (byte) firstSector);
        memory.put(at + 5, (byte) lastSector);
    }

    /** Fills {@code handle}; of a request that is neither indirect nor a discard. */
    public void handle(int slot, int handle) {
        memory.putShort(slot + 2, (short) handle);
    }

    /** Fills the fixed part of an indirect request: here {@code segments} has 16 bits. */
    public void indirect(int slot, int indirectOperation, int segments, long id, long sector) {
        header(slot, Blkif.OP_INDIRECT, indirectOperation, id, sector);
        memory.putShort(slot + 2, (short) segments);
    }

    /** Fills {@code handle} of an indirect request. */
    public void indirectHandle(int slot, int handle) {
        memory.putShort(slot + abi.indirectGrantOffset(0) - 4, (short) handle);
    }

    /** Fills the grant of descriptor page {@code index}, 0 to 7, of an indirect request. */
    public void indirectGrant(int slot, int index, int grantRef) {
        memory.putInt(slot + abi.indirectGrantOffset(index), grantRef);
    }

    /** Fills a discard of {@code sectors}. */
    public void discard(int slot, int flag, long id, long sector, long sectors) {
        header(slot, Blkif.OP_DISCARD, flag, id, sector);
        memory.putLong(slot + abi.discardCountOffset(), sectors);
    }

    /** Publishes claimed requests; true when the backend wants an event (RING_PUSH_REQUESTS_AND_CHECK_NOTIFY). */
    public boolean push() {
        int old = shared.reqProd();
        shared.reqProd(reqProdPvt);
        VarHandle.fullFence();
        return Integer.compareUnsigned(reqProdPvt - shared.reqEvent(), reqProdPvt - old) < 0;
    }

    /** Takes the next response; its fields are in {@code into}. False when there is none. */
    public boolean take(FrontResponse into) {
        int waiting = shared.rspProd() - rspCons;
        if (waiting == 0) {
            return false;
        }
        if (waiting < 0 || waiting > reqProdPvt - rspCons) {
            throw new IllegalStateException("rsp_prod is " + waiting + " ahead of rsp_cons with "
                + (reqProdPvt - rspCons) + " requests outstanding");
        }
        int slot = SharedRing.HEADER_SIZE + (rspCons & (shared.slots() - 1)) * abi.slotSize();
        into.set(memory.getLong(slot), memory.get(slot + 8) & 0xFF, memory.getShort(slot + 10));
        rspCons++;
        return true;
    }

    /** Asks for an event at the next response and looks once more (RING_FINAL_CHECK_FOR_RESPONSES). */
    public boolean finalCheck() {
        shared.rspEvent(rspCons + 1);
        VarHandle.fullFence();
        return shared.rspProd() != rspCons;
    }

    /** Byte {@code offset} of the ring, unsigned. */
    public int byteAt(int offset) {
        return memory.get(offset) & 0xFF;
    }

    /** The shared memory itself, for a frontend that means harm. */
    public SharedRing shared() {
        return shared;
    }
}
