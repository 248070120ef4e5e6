// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.sim;

import java.nio.ByteBuffer;
import org.blkbackd.blkback.blkif.Blkif;

/**
 * One of a frontend's requests, with data pages of its own that stay granted. Made once, used again and again: claim,
 * fill, submit, reap, look at the result, release. Owned by the guest's thread.
 */
public final class FrontRequest {

    private final int slot;
    private final GuestMemory.Granted[] pages;
    private final SegmentList segments = new SegmentList();
    private final FrontDescriptors descriptors;
    private Form form = Form.PLAIN;
    private int operation;
    private int flag;
    private long sector;
    private long discarded;
    private int claimedSegments;
    private long id;
    private int status;
    private boolean claimed;
    private boolean inFlight;
    private long tag;

    private enum Form { PLAIN, INDIRECT, DISCARD }

    FrontRequest(int slot, GuestMemory memory, int pages) {
        this.slot = slot;
        this.pages = memory.pages(pages);
        descriptors = new FrontDescriptors(memory);
    }

    // --- filling ----------------------------------------------------------------------------------------------------

    /** Makes it a request without segments, good as it is for a flush or barrier only. Numbers are not checked. */
    public FrontRequest prepare(int newOperation, long newSector) {
        form = Form.PLAIN;
        operation = newOperation;
        sector = newSector;
        claimedSegments = -1;
        segments.clear();
        return this;
    }

    /**
     * Makes it an indirect request without segments. It may get any number of them; only those that eight descriptor
     * pages hold are described. Its answer must bear {@code innerOperation} (xen-blkfront.c blkif_interrupt).
     */
    public FrontRequest prepareIndirect(int innerOperation, long newSector) {
        prepare(innerOperation, newSector);
        form = Form.INDIRECT;
        descriptors.clear();
        return this;
    }

    /** Adds sectors {@code firstSector} to {@code lastSector}, inclusive, of the next data page, in turn. */
    public FrontRequest segment(int firstSector, int lastSector) {
        return segment(pages[segments.size() % pages.length].ref(), firstSector, lastSector);
    }

    /** Adds a segment of any grant, for a frontend that means harm. */
    public FrontRequest segment(int grantRef, int firstSector, int lastSector) {
        segments.add(grantRef, firstSector, lastSector);
        return this;
    }

    /** Writes {@code count} into {@code nr_segments} however many there are, for a frontend that means harm. */
    public FrontRequest claimSegments(int count) {
        claimedSegments = count;
        return this;
    }

    /** Names another grant for descriptor page {@code index} of an indirect request, for a frontend that means harm. */
    public FrontRequest descriptorRef(int index, int grantRef) {
        descriptors.name(index, grantRef);
        return this;
    }

    /**
     * A read of {@code sectors} from {@code sector} into the first bytes of the pages; an indirect one when they are
     * more pages than a slot has segments.
     */
    public FrontRequest read(long fromSector, int sectors) {
        return transfer(Blkif.OP_READ, fromSector, sectors);
    }

    /** A write of the first {@code sectors} of the pages to {@code sector}; indirect as a {@link #read} is. */
    public FrontRequest write(long toSector, int sectors) {
        return transfer(Blkif.OP_WRITE, toSector, sectors);
    }

    /** A flush without data. */
    public FrontRequest flush() {
        return prepare(Blkif.OP_FLUSH_DISKCACHE, 0);
    }

    /** A flush, and a write as {@link #write} does it; never indirect. */
    public FrontRequest flush(long toSector, int sectors) {
        return transfer(Blkif.OP_FLUSH_DISKCACHE, toSector, sectors);
    }

    /** A barrier without data. */
    public FrontRequest barrier() {
        return prepare(Blkif.OP_WRITE_BARRIER, 0);
    }

    /** A write that is a barrier; never indirect. */
    public FrontRequest barrier(long toSector, int sectors) {
        return transfer(Blkif.OP_WRITE_BARRIER, toSector, sectors);
    }

    /** A discard of {@code sectors}, any number. */
    public FrontRequest discard(long fromSector, long sectors) {
        return discard(fromSector, sectors, 0);
    }

    /** A discard whose sectors nobody may ever read again. */
    public FrontRequest secureDiscard(long fromSector, long sectors) {
        return discard(fromSector, sectors, Blkif.DISCARD_FLAG_SECURE);
    }

    /** A discard with any {@code flag}. */
    public FrontRequest discard(long fromSector, long sectors, int newFlag) {
        prepare(Blkif.OP_DISCARD, fromSector);
        form = Form.DISCARD;
        discarded = sectors;
        flag = newFlag;
        return this;
    }

    private FrontRequest transfer(int newOperation, long newSector, int sectors) {
        if (sectors < 1 || sectors > maxSectors()) {
            throw new IllegalArgumentException(sectors + " sectors; a request holds " + maxSectors());
        }
        if (sectors <= Blkif.MAX_SEGMENTS * Blkif.SECTORS_PER_PAGE) {
            prepare(newOperation, newSector);
        } else if (newOperation == Blkif.OP_READ || newOperation == Blkif.OP_WRITE) {
            prepareIndirect(newOperation, newSector);
        } else {
            throw new IllegalArgumentException("operation " + newOperation + " is never indirect");
        }
        for (int left = sectors; left > 0; left -= Blkif.SECTORS_PER_PAGE) {
            segment(0, Math.min(left, Blkif.SECTORS_PER_PAGE) - 1);
        }
        return this;
    }

    /** Copies bytes into the pages, from their beginning. */
    public FrontRequest put(byte[] data) {
        for (int at = 0; at < data.length; at += Blkif.PAGE_SIZE) {
            int length = Math.min(Blkif.PAGE_SIZE, data.length - at);
            page(at / Blkif.PAGE_SIZE).put(0, data, at, length);
        }
        return this;
    }

    // --- looking ----------------------------------------------------------------------------------------------------

    /** Copies bytes out of the pages, from their beginning. */
    public void get(byte[] into) {
        for (int at = 0; at < into.length; at += Blkif.PAGE_SIZE) {
            int length = Math.min(Blkif.PAGE_SIZE, into.length - at);
            page(at / Blkif.PAGE_SIZE).get(0, into, at, length);
        }
    }

    /** Data page {@code index}, 4096 bytes, little-endian. */
    public ByteBuffer page(int index) {
        return pages[index].buffer();
    }

    /** Grant of data page {@code index}. */
    public int pageRef(int index) {
        return pages[index].ref();
    }

    /** Descriptor page {@code index} of an indirect request, which is written when it is submitted. */
    public ByteBuffer descriptorPage(int index) {
        return descriptors.page(index).buffer();
    }

    /** The most sectors its pages hold. */
    public int maxSectors() {
        return pages.length * Blkif.SECTORS_PER_PAGE;
    }

    /** Its operation, which its answer must bear: of an indirect request the inner one. */
    public int operation() {
        return operation;
    }

    /** It goes out, or went out, as an indirect request. */
    public boolean isIndirect() {
        return form == Form.INDIRECT;
    }

    /** Its first sector. */
    public long sector() {
        return sector;
    }

    /** Sectors of all its segments; 0 for a discard. */
    public int sectors() {
        return segments.sectors();
    }

    /** What the backend answered: BLKIF_RSP_*. */
    public int status() {
        return status;
    }

    /** The backend answered BLKIF_RSP_OKAY. */
    public boolean isOkay() {
        return status == Blkif.RSP_OKAY;
    }

    /** A number of the caller's own, for instance when it was submitted. */
    public long tag() {
        return tag;
    }

    /** Sets {@link #tag}. */
    public void tag(long newTag) {
        tag = newTag;
    }

    // --- the ring's side --------------------------------------------------------------------------------------------

    int slot() {
        return slot;
    }

    long id() {
        return id;
    }

    /** Whether the caller has it. */
    boolean isClaimed() {
        return claimed;
    }

    void claimed(boolean isClaimed) {
        claimed = isClaimed;
    }

    boolean isInFlight() {
        return inFlight;
    }

    void submitted(long newId) {
        id = newId;
        inFlight = true;
    }

    void answered(int newStatus) {
        status = newStatus;
        inFlight = false;
    }

    void writeTo(FrontRing ring, int handle) {
        int at = ring.claim();
        int count = claimedSegments < 0 ? segments.size() : claimedSegments;
        switch (form) {
            case INDIRECT -> {
                ring.indirect(at, operation, count, id, sector);
                ring.indirectHandle(at, handle);
                descriptors.writeTo(ring, at, segments);
            }
            case DISCARD -> ring.discard(at, flag, id, sector, discarded);
            default -> {
                ring.header(at, operation, count, id, sector);
                ring.handle(at, handle);
                segments.writeTo(ring, at);
            }
        }
    }
}
