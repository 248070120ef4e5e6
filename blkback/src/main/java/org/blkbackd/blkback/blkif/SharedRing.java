// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.blkif;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The memory that both domains write (ring.h DEFINE_RING_TYPES). The other end is hostile: it may write any byte at any
 * time, so every value is read once and judged by the reader's own copy.
 *
 * <pre>
 *   0 req_prod   u32, frontend writes      8 rsp_prod   u32, backend writes
 *   4 req_event  u32, backend writes      12 rsp_event  u32, frontend writes
 *  64 slots      requests and responses share them, stride = BlkifAbi.slotSize
 * </pre>
 *
 * <p>Indices run freely over 32 bits and are compared by subtraction.
 */
public final class SharedRing {

    /** Bytes before the first slot. */
    public static final int HEADER_SIZE = 64;

    private static final VarHandle INT =
        MethodHandles.byteBufferViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN).withInvokeExactBehavior();
    private static final int REQ_PROD = 0;
    private static final int REQ_EVENT = 4;
    private static final int RSP_PROD = 8;
    private static final int RSP_EVENT = 12;

    private final ByteBuffer memory;
    private final BlkifAbi abi;
    private final int slots;

    /** @param memory the ring's pages, direct and little-endian */
    public SharedRing(ByteBuffer memory, BlkifAbi abi) {
        if (memory.order() != ByteOrder.LITTLE_ENDIAN) {
            throw new IllegalArgumentException("a ring is little-endian");
        }
        this.memory = memory;
        this.abi = abi;
        this.slots = abi.slots(memory.capacity());
    }

    /** Slots in the ring: a power of two. */
    public int slots() {
        return slots;
    }

    /** The layout of its slots. */
    public BlkifAbi abi() {
        return abi;
    }

    /** Acquire: the slots below it are written. Pairs with the frontend's xen_wmb() before it stores req_prod. */
    public int reqProd() {
        return (int) INT.getAcquire(memory, REQ_PROD);
    }

    /** Release: the slots below it are written. */
    public void reqProd(int value) {
        INT.setRelease(memory, REQ_PROD, value);
    }

    /** Acquire: the responses below it are written. */
    public int rspProd() {
        return (int) INT.getAcquire(memory, RSP_PROD);
    }

    /** Release: publishes the responses below it. Pairs with the frontend's xen_rmb() after it reads rsp_prod. */
    public void rspProd(int value) {
        INT.setRelease(memory, RSP_PROD, value);
    }

    /** The request index at which the backend wants an event. */
    public int reqEvent() {
        return (int) INT.getVolatile(memory, REQ_EVENT);
    }

    /** Sets the request index at which the backend wants an event. */
    public void reqEvent(int value) {
        INT.setVolatile(memory, REQ_EVENT, value);
    }

    /** The response index at which the frontend wants an event. */
    public int rspEvent() {
        return (int) INT.getVolatile(memory, RSP_EVENT);
    }

    /** Sets the response index at which the frontend wants an event. */
    public void rspEvent(int value) {
        INT.setVolatile(memory, RSP_EVENT, value);
    }

    /** Offset of the slot that {@code index} falls on. */
    int slotOffset(int index) {
        return HEADER_SIZE + (index & (slots - 1)) * abi.slotSize();
    }

    /** The ring's bytes, for the request and response codecs of this package. */
    ByteBuffer memory() {
        return memory;
    }
}
