// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.journal;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32C;
import org.blkbackd.blkback.blkif.BlkifAbi;
import org.blkbackd.blkback.blkif.BlkifRequest;
import org.blkbackd.blkback.fault.FaultPoint;

/**
 * The requests of one ring that were taken off it and whose responses are not published: a copy of each, in memory that
 * outlives the process. Owned by the ring's worker. Little-endian:
 *
 * <pre>
 *      0  RingRecord, sealed; never changes
 *   8192  u64 reqCons, u64 rspProd             a number and its complement: (~n &lt;&lt; 32) | n
 *   8256  entries, one for each slot of the ring, 136 bytes each:
 *           0  u64 mark       0: free; else USED &lt;&lt; 32 | CRC-32C of bytes 16 to 135
 *           8  u64 answered   0: no; else the index of its response, as a number and its complement
 *          16  u32 index      of the request on the ring, free-running
 *          20  u32 0
 *          24  the request as it came, 112 bytes, zero behind the 108 of x86_32
 * </pre>
 *
 * <p><b>Why nothing is lost and nothing is answered twice.</b> The process may die between any two stores; those it has
 * made stay, in program order (release stores keep the compiler to it). The order is, for each request:
 * <ol>
 * <li>{@link #enter}: copy, then mark. Before the mark the entry is free.</li>
 * <li>{@link #consumed}: reqCons, for all requests of a pass. Before it, the successor ignores the entries from reqCons
 *     on and finds the requests still on the ring: their slots are overwritten only by responses of a later index.
 *     Nothing is done for a request before this store.</li>
 * <li>{@link #answered}: the response's index, before the response is written to its slot.</li>
 * <li>The response, then rsp_prod on the ring itself: <em>this one store answers</em>. The successor compares: an entry
 *     whose response lies below rsp_prod was answered, and is dropped; any other is carried out again. The first
 *     execution of what is carried out again had no response, so to the guest it is one request still in flight.</li>
 * <li>{@link #published}: rspProd, which says how far rsp_prod was when entries began to be freed.</li>
 * <li>{@link #release}: the entries of the published responses. Only then may they be used again; so an answered index
 *     always belongs to the last publication or the one being prepared, and cannot be confused with one of 2^32
 *     responses ago.</li>
 * </ol>
 *
 * <p>What the successor finds must add up: as many entries as lie between rsp_prod and reqCons. rsp_prod lies in the
 * guest's memory; where it does not stand at rspProd, nor at the end of the prepared responses, the guest wrote it, and
 * its ring is not taken up.
 */
public final class RingJournal {

    static final int CURSORS = 8192;
    static final int ENTRIES = 8256;
    static final int ENTRY_SIZE = 136;

    private static final int REQ_CONS = CURSORS;
    private static final int RSP_PROD = CURSORS + 8;
    private static final int ANSWERED = 8;
    private static final int BODY = 16;
    private static final int REQUEST = 8;
    private static final int BODY_SIZE = REQUEST + BlkifAbi.MAX_SLOT_SIZE;
    private static final long USED = 0x44455355L;

    private static final VarHandle LONG =
        MethodHandles.byteBufferViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN).withInvokeExactBehavior();
    private static final VarHandle INT =
        MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN).withInvokeExactBehavior();

    private final ByteBuffer memory;
    private final int slots;
    private final boolean durable;
    private final byte[] body = new byte[BODY_SIZE];
    private final CRC32C crc = new CRC32C();

    /** @param memory little-endian, {@link #size} bytes */
    RingJournal(ByteBuffer memory, int slots, boolean durable) {
        this.memory = memory;
        this.slots = slots;
        this.durable = durable;
    }

    /** A journal that does not outlive the process, for a ring that can have no better. */
    public static RingJournal volatileOnly(int slots) {
        RingJournal journal = new RingJournal(ByteBuffer.allocateDirect(size(slots)).order(ByteOrder.LITTLE_ENDIAN),
            slots, false);
        journal.begin(0, 0);
        return journal;
    }

    /** Bytes of a journal. */
    static int size(int slots) {
        return ENTRIES + slots * ENTRY_SIZE;
    }

    /** Whether it outlives the process. */
    public boolean isDurable() {
        return durable;
    }

    /** Requests it can hold. */
    public int slots() {
        return slots;
    }

    // --- the data path ----------------------------------------------------------------------------------------------

    /** A ring begins, with nothing in flight. */
    public void begin(int reqCons, int rspProd) {
        consumed(reqCons);
        published(rspProd);
    }

    /** Step 1: the request with this index was copied off the ring, and is known by {@code entry} from now on. */
    public void enter(int entry, BlkifRequest request, int index) {
        INT.set(body, 0, index);
        request.store(body, REQUEST);
        int at = at(entry);
        memory.put(at + BODY, body, 0, BODY_SIZE);
        LONG.set(memory, at + ANSWERED, 0L);
        LONG.setRelease(memory, at, mark());
    }

    private long mark() {
        crc.reset();
        crc.update(body, 0, BODY_SIZE);
        return USED << 32 | crc.getValue();
    }

    /** Step 2: the requests below {@code reqCons} are entered. */
    public void consumed(int reqCons) {
        LONG.setRelease(memory, REQ_CONS, checked(reqCons));
    }

    /** Step 3: the response with this index is about to be written. */
    public void answered(int entry, int rspIndex) {
        LONG.setRelease(memory, at(entry) + ANSWERED, checked(rspIndex));
    }

    /** Step 5: the responses below {@code rspProd} are published. */
    public void published(int rspProd) {
        LONG.setRelease(memory, RSP_PROD, checked(rspProd));
    }

    /** Step 6: the response is published. */
    public void release(int entry) {
        LONG.setRelease(memory, at(entry), 0L);
    }

    private static int at(int entry) {
        return ENTRIES + entry * ENTRY_SIZE;
    }

    private static long checked(int number) {
        return (~(long) number & 0xFFFFFFFFL) << 32 | number & 0xFFFFFFFFL;
    }

    // --- the successor ----------------------------------------------------------------------------------------------

    /** Whether a ring has begun with it: who made it may have died before, and then no request was ever entered. */
    public boolean isBegun() {
        return (long) LONG.getAcquire(memory, RSP_PROD) != 0;
    }

    /** Index of the next request to consume. */
    public int reqCons() throws JournalException {
        return number(REQ_CONS);
    }

    /** Whether an entry holds a request that is not answered, as far as {@link #settle} could tell. */
    public boolean isUsed(int entry) {
        return (long) LONG.getAcquire(memory, at(entry)) != 0;
    }

    /** Index of an entry's request on the ring. */
    public int index(int entry) {
        return memory.getInt(at(entry) + BODY);
    }

    /** Copies an entry's request, to be judged as if a guest had just written it. */
    public void load(int entry, BlkifRequest into, BlkifAbi abi) {
        memory.get(at(entry) + BODY, body, 0, BODY_SIZE);
        into.load(abi, body, REQUEST);
    }

    /**
     * Finds out what is in flight: what the dead process had published is dropped, what it had only prepared is not
     * answered, and what it had not counted as consumed is still on the ring. May be ended at any point and begun anew.
     *
     * @param rspProd of the ring, as the guest's memory says
     * @throws JournalException when the parts contradict each other; then nothing can be known
     */
    public void settle(int rspProd) throws JournalException {
        check();
        int reqCons = number(REQ_CONS);
        int recorded = number(RSP_PROD);
        if (rspProd != recorded && prepared(recorded, rspProd) != rspProd - recorded) {
            throw new JournalException("rsp_prod is " + rspProd + ", and was left at " + recorded
                + ": the guest has overwritten it");
        }
        published(rspProd);
        int unanswered = 0;
        for (int entry = 0; entry < slots; entry++) {
            unanswered += settle(entry, reqCons, rspProd) ? 1 : 0;
            FaultPoint.RECOVERY_SETTLED.reached();
        }
        if (unanswered != reqCons - rspProd) {
            throw new JournalException("holds " + unanswered + " requests, and " + Integer.toUnsignedString(
                reqCons - rspProd) + " are unanswered");
        }
    }

    private boolean settle(int entry, int reqCons, int rspProd) throws JournalException {
        if (!isUsed(entry)) {
            return false;
        }
        boolean onRing = index(entry) - reqCons >= 0 && index(entry) - reqCons < slots;
        if (onRing || isAnswered(entry) && response(entry) - rspProd < 0) {
            release(entry);
            return false;
        }
        LONG.setRelease(memory, at(entry) + ANSWERED, 0L);
        return true;
    }

    /** How many responses were prepared from one index to another. */
    private int prepared(int from, int to) throws JournalException {
        int count = 0;
        for (int entry = 0; entry < slots; entry++) {
            if (isUsed(entry) && isAnswered(entry)) {
                int response = response(entry);
                count += response - from >= 0 && response - to < 0 ? 1 : 0;
            }
        }
        return count;
    }

    private boolean isAnswered(int entry) {
        return (long) LONG.getAcquire(memory, at(entry) + ANSWERED) != 0;
    }

    private int response(int entry) throws JournalException {
        return number(at(entry) + ANSWERED);
    }

    private void check() throws JournalException {
        for (int entry = 0; entry < slots; entry++) {
            long found = (long) LONG.getAcquire(memory, at(entry));
            memory.get(at(entry) + BODY, body, 0, BODY_SIZE);
            if (found != 0 && found != mark()) {
                throw new JournalException("entry " + entry + " is damaged");
            }
        }
    }

    private int number(int at) throws JournalException {
        long value = (long) LONG.getAcquire(memory, at);
        if (value != checked((int) value)) {
            throw new JournalException("the number at byte " + at + " is damaged");
        }
        return (int) value;
    }
}
