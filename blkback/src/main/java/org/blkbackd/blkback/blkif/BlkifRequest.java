// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.blkif;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A request copied out of its slot once, then judged; nobody looks at the slot again, which the frontend may be
 * rewriting (XSA-155). Reusable; owned by one thread.
 *
 * <p>An indirect request is read in two steps: the slot, judged by {@link #validate}, names a page of segments; once
 * that page was copied to memory of ours ({@link #segmentsFrom}), {@link #validateSegments} judges the segments.
 */
public final class BlkifRequest {

    private final byte[] bytes = new byte[BlkifAbi.MAX_SLOT_SIZE];
    private final ByteBuffer copy = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    private BlkifAbi abi = BlkifAbi.NATIVE;
    /** Where the segments are: in {@link #copy}, or in memory with the copy of a descriptor page. */
    private ByteBuffer table = copy;
    private int tableAt;
    private int sectors;

    void copyFrom(SharedRing ring, int index) {
        ring.memory().get(ring.slotOffset(index), bytes, 0, ring.abi().slotSize());
        begin(ring.abi());
    }

    private void begin(BlkifAbi layout) {
        abi = layout;
        table = copy;
        tableAt = abi.segmentOffset(0);
        sectors = 0;
    }

    /** Copies the request as it came to {@link BlkifAbi#MAX_SLOT_SIZE} bytes of {@code into}, the last of them zero. */
    public void store(byte[] into, int at) {
        System.arraycopy(bytes, 0, into, at, bytes.length);
    }

    /** The reverse of {@link #store}: to be judged again, as a guest's. */
    public void load(BlkifAbi layout, byte[] from, int at) {
        System.arraycopy(from, at, bytes, 0, bytes.length);
        begin(layout);
    }

    /** Whether the segments lie in a page of their own. */
    public boolean isIndirect() {
        return (bytes[0] & 0xFF) == Blkif.OP_INDIRECT;
    }

    /** {@code operation}; of an indirect request the inner one, which also is what its response carries. */
    public int operation() {
        return (isIndirect() ? bytes[1] : bytes[0]) & 0xFF;
    }

    /**
     * {@code nr_segments}, anything that fits its field until {@link #validate} has passed. A discard has none: that
     * byte is its {@code flag}, which may be anything.
     */
    public int segments() {
        if (isIndirect()) {
            return copy.getShort(2) & 0xFFFF;
        }
        return operation() == Blkif.OP_DISCARD ? 0 : bytes[1] & 0xFF;
    }

    /** {@code id}: the frontend's own, returned as it came. */
    public long id() {
        return copy.getLong(abi.idOffset());
    }

    /** {@code sector_number}, in 512-byte units; a negative value is one beyond 2^63. */
    public long sector() {
        return copy.getLong(abi.sectorOffset());
    }

    /** {@code grefs[0]} of an indirect request: no more are needed for the segments that we advertise. */
    public int descriptorGrantRef() {
        return copy.getInt(abi.indirectGrantOffset(0));
    }

    /** Bytes of the descriptor page that hold the segments of an indirect request. */
    public int descriptorBytes() {
        return segments() * BlkifAbi.SEGMENT_SIZE;
    }

    /** {@code nr_sectors} of a discard. */
    public long discardSectors() {
        return copy.getLong(abi.discardCountOffset());
    }

    /** Whether a discard is to destroy the data. */
    public boolean isSecureDiscard() {
        return (bytes[1] & Blkif.DISCARD_FLAG_SECURE) != 0;
    }

    /** The copied segments of an indirect request begin at {@code offset} of {@code memory}, which is our own. */
    public void segmentsFrom(ByteBuffer memory, int offset) {
        table = memory;
        tableAt = offset;
    }

    /** {@code seg[index].gref}. */
    public int grantRef(int index) {
        return table.getInt(tableAt + index * BlkifAbi.SEGMENT_SIZE);
    }

    /** {@code seg[index].first_sect}. */
    public int firstSector(int index) {
        return table.get(tableAt + index * BlkifAbi.SEGMENT_SIZE + 4) & 0xFF;
    }

    /** {@code seg[index].last_sect}, inclusive. */
    public int lastSector(int index) {
        return table.get(tableAt + index * BlkifAbi.SEGMENT_SIZE + 5) & 0xFF;
    }

    /** Sectors that segment {@code index} covers. */
    public int sectors(int index) {
        return lastSector(index) - firstSector(index) + 1;
    }

    /** Sectors of all segments, once they have been judged; 0 before, and for a request without data. */
    public int sectors() {
        return sectors;
    }

    /**
     * Whether the request may be carried out on a disk of such limits: {@link Blkif#RSP_OKAY}, or the status to answer
     * with. Operations that are not advertised and not known are {@link Blkif#RSP_EOPNOTSUPP}, also with nonsense in
     * the other fields: frontends of all kinds rely on it.
     */
    public int validate(DiskLimits limits) {
        if (isIndirect()) {
            return validateIndirect(limits);
        }
        return switch (operation()) {
            case Blkif.OP_READ, Blkif.OP_WRITE -> validateData(limits);
            case Blkif.OP_FLUSH_DISKCACHE, Blkif.OP_WRITE_BARRIER ->
                segments() == 0 ? Blkif.RSP_OKAY : validateData(limits);
            case Blkif.OP_DISCARD -> validateDiscard(limits);
            default -> Blkif.RSP_EOPNOTSUPP;
        };
    }

    private int validateIndirect(DiskLimits limits) {
        boolean known = operation() == Blkif.OP_READ || operation() == Blkif.OP_WRITE;
        return known && mayTransfer(limits) && segments() <= Blkif.MAX_INDIRECT_SEGMENTS
            ? Blkif.RSP_OKAY : Blkif.RSP_ERROR;
    }

    private int validateData(DiskLimits limits) {
        boolean possible = mayTransfer(limits) && segments() <= Blkif.MAX_SEGMENTS;
        return possible ? validateSegments(limits) : Blkif.RSP_ERROR;
    }

    private boolean mayTransfer(DiskLimits limits) {
        return segments() > 0 && (operation() == Blkif.OP_READ || !limits.readOnly());
    }

    /** The second half for an indirect request. */
    public int validateSegments(DiskLimits limits) {
        boolean aligned = limits.aligned(sector());
        int sum = 0;
        int segments = segments();
        for (int i = 0; i < segments; i++) {
            int first = firstSector(i);
            int last = lastSector(i);
            if (first > last || last >= Blkif.SECTORS_PER_PAGE) {
                return Blkif.RSP_ERROR;
            }
            sum += last - first + 1;
            aligned &= limits.aligned(first) && limits.aligned(last + 1L);
        }
        if (!aligned || !limits.holds(sector(), sum)) {
            return Blkif.RSP_ERROR;
        }
        sectors = sum;
        return Blkif.RSP_OKAY;
    }

    private int validateDiscard(DiskLimits limits) {
        if (!limits.discard()) {
            return Blkif.RSP_EOPNOTSUPP;
        }
        return !limits.readOnly() && limits.holds(sector(), discardSectors()) ? Blkif.RSP_OKAY : Blkif.RSP_ERROR;
    }
}
