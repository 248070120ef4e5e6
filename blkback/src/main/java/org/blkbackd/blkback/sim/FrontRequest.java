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
    private final ByteBuffer[] pages;
    private final int[] pageRefs;
    private final int[] refs;
    private final int[] first;
    private final int[] last;
    private int operation;
    private int segments;
    private long sector;
    private long id;
    private int status;
    private boolean claimed;
    private boolean inFlight;
    private long tag;

    FrontRequest(int slot, ByteBuffer[] pages, int[] pageRefs) {
        this.slot = slot;
        this.pages = pages;
        this.pageRefs = pageRefs;
        refs = new int[Blkif.MAX_SEGMENTS];
        first = new int[Blkif.MAX_SEGMENTS];
        last = new int[Blkif.MAX_SEGMENTS];
    }

    // --- filling ----------------------------------------------------------------------------------------------------

    /** Makes it a request without segments, good as it is for a flush only. Numbers are not checked. */
    public FrontRequest prepare(int newOperation, long newSector) {
        operation = newOperation;
        sector = newSector;
        segments = 0;
        return this;
    }

    /** Adds sectors {@code firstSector} to {@code lastSector}, inclusive, of the next data page. */
    public FrontRequest segment(int firstSector, int lastSector) {
        return segment(pageRefs[segments % pageRefs.length], firstSector, lastSector);
    }

    /** Adds a segment of any grant, for a frontend that means harm. */
    public FrontRequest segment(int grantRef, int firstSector, int lastSector) {
        refs[segments] = grantRef;
        first[segments] = firstSector;
        last[segments] = lastSector;
        segments++;
        return this;
    }

    /** A read of {@code sectors} from {@code sector} into the first bytes of the pages. */
    public FrontRequest read(long fromSector, int sectors) {
        return transfer(Blkif.OP_READ, fromSector, sectors);
    }

    /** A write of the first {@code sectors} of the pages to {@code sector}. */
    public FrontRequest write(long toSector, int sectors) {
        return transfer(Blkif.OP_WRITE, toSector, sectors);
    }

    /** A flush without data. */
    public FrontRequest flush() {
        return prepare(Blkif.OP_FLUSH_DISKCACHE, 0);
    }

    private FrontRequest transfer(int newOperation, long newSector, int sectors) {
        if (sectors < 1 || sectors > maxSectors()) {
            throw new IllegalArgumentException(sectors + " sectors; a request holds " + maxSectors());
        }
        prepare(newOperation, newSector);
        for (int left = sectors; left > 0; left -= Blkif.SECTORS_PER_PAGE) {
            segment(0, Math.min(left, Blkif.SECTORS_PER_PAGE) - 1);
        }
        return this;
    }

    /** Copies bytes into the pages, from their beginning. */
    public FrontRequest put(byte[] data) {
        for (int at = 0; at < data.length; at += Blkif.PAGE_SIZE) {
            int length = Math.min(Blkif.PAGE_SIZE, data.length - at);
            pages[at / Blkif.PAGE_SIZE].put(0, data, at, length);
        }
        return this;
    }

    // --- looking ----------------------------------------------------------------------------------------------------

    /** Copies bytes out of the pages, from their beginning. */
    public void get(byte[] into) {
        for (int at = 0; at < into.length; at += Blkif.PAGE_SIZE) {
            int length = Math.min(Blkif.PAGE_SIZE, into.length - at);
            pages[at / Blkif.PAGE_SIZE].get(0, into, at, length);
        }
    }

    /** Data page {@code index}, 4096 bytes, little-endian. */
    public ByteBuffer page(int index) {
        return pages[index];
    }

    /** Grant of data page {@code index}. */
    public int pageRef(int index) {
        return pageRefs[index];
    }

    /** The most sectors its pages hold. */
    public int maxSectors() {
        return pages.length * Blkif.SECTORS_PER_PAGE;
    }

    /** Its operation. */
    public int operation() {
        return operation;
    }

    /** Its first sector. */
    public long sector() {
        return sector;
    }

    /** Sectors of all its segments. */
    public int sectors() {
        int sum = 0;
        for (int i = 0; i < segments; i++) {
            sum += last[i] - first[i] + 1;
        }
        return sum;
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

    void writeTo(FrontRing ring) {
        int at = ring.claim();
        ring.header(at, operation, segments, id, sector);
        for (int i = 0; i < segments; i++) {
            ring.segment(at, i, refs[i], first[i], last[i]);
        }
    }
}
