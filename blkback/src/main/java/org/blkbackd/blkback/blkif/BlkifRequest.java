// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.blkif;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A request copied out of its slot once, then judged; nobody looks at the slot again, which the frontend may be
 * rewriting (XSA-155). Reusable; owned by one thread.
 */
public final class BlkifRequest {

    private final byte[] bytes = new byte[BlkifAbi.MAX_SLOT_SIZE];
    private final ByteBuffer copy = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    private BlkifAbi abi = BlkifAbi.NATIVE;

    void copyFrom(SharedRing ring, int index) {
        abi = ring.abi();
        ring.memory().get(ring.slotOffset(index), bytes, 0, abi.slotSize());
    }

    /** {@code operation}. */
    public int operation() {
        return bytes[0] & 0xFF;
    }

    /** {@code nr_segments}, 0 to 255 until {@link #validate} has passed. */
    public int segments() {
        return bytes[1] & 0xFF;
    }

    /** {@code id}: the frontend's own, returned as it came. */
    public long id() {
        return copy.getLong(abi.idOffset());
    }

    /** {@code sector_number}, in 512-byte units; a negative value is one beyond 2^63. */
    public long sector() {
        return copy.getLong(abi.sectorOffset());
    }

    /** {@code seg[index].gref}. */
    public int grantRef(int index) {
        return copy.getInt(abi.segmentOffset(index));
    }

    /** {@code seg[index].first_sect}. */
    public int firstSector(int index) {
        return bytes[abi.segmentOffset(index) + 4] & 0xFF;
    }

    /** {@code seg[index].last_sect}, inclusive. */
    public int lastSector(int index) {
        return bytes[abi.segmentOffset(index) + 5] & 0xFF;
    }

    /** Sectors that segment {@code index} covers. */
    public int sectors(int index) {
        return lastSector(index) - firstSector(index) + 1;
    }

    /** Sectors of all segments. */
    public int sectors() {
        int sum = 0;
        for (int i = 0; i < segments(); i++) {
            sum += sectors(i);
        }
        return sum;
    }

    /**
     * Whether the request may be carried out on a disk of {@code diskSectors}: {@link Blkif#RSP_OKAY}, or the status to
     * answer with. Operations that are not advertised and not known are {@link Blkif#RSP_EOPNOTSUPP}, also with
     * nonsense in the other fields: frontends of all kinds rely on it.
     */
    public int validate(long diskSectors, boolean readOnly) {
        return switch (operation()) {
            case Blkif.OP_READ -> validateData(diskSectors, false);
            case Blkif.OP_WRITE -> validateData(diskSectors, readOnly);
            case Blkif.OP_FLUSH_DISKCACHE -> segments() == 0 ? Blkif.RSP_OKAY : validateData(diskSectors, readOnly);
            default -> Blkif.RSP_EOPNOTSUPP;
        };
    }

    private int validateData(long diskSectors, boolean forbidden) {
        int segments = segments();
        if (forbidden || segments == 0 || segments > Blkif.MAX_SEGMENTS) {
            return Blkif.RSP_ERROR;
        }
        for (int i = 0; i < segments; i++) {
            if (firstSector(i) > lastSector(i) || lastSector(i) >= Blkif.SECTORS_PER_PAGE) {
                return Blkif.RSP_ERROR;
            }
        }
        // sector <= diskSectors first: then the difference cannot overflow, and a sector beyond 2^63 is negative.
        long sector = sector();
        boolean inside = sector >= 0 && sector <= diskSectors && sectors() <= diskSectors - sector;
        return inside ? Blkif.RSP_OKAY : Blkif.RSP_ERROR;
    }
}
