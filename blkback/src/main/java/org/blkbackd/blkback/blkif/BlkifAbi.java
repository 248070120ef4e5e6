// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.blkif;

/**
 * Where each field of a request and a response lies. Two layouts exist, because a 32-bit x86 compiler aligns
 * {@code uint64_t} to 4 bytes (blkif.h; struct blkif_request, blkif_response):
 *
 * <pre>
 *                    native  x86_32
 *  request  operation     0       0   u8
 *           nr_segments   1       1   u8
 *           handle        2       2   u16
 *           id            8       4   u64
 *           sector       16      12   u64
 *           seg[11]      24      20   8 bytes each: gref u32, first_sect u8, last_sect u8, pad
 *  indirect indirect_op   1       1   u8    operation is BLKIF_OP_INDIRECT, id and sector as above
 *           nr_segments   2       2   u16
 *           handle       24      20   u16
 *           grefs[8]     28      24   u32   pages of segments
 *  discard  flag          1       1   u8    operation is BLKIF_OP_DISCARD, id and sector as above
 *           nr_sectors   24      20   u64
 *           sizeof      112     108   the stride of a ring slot
 *  response id            0       0   u64
 *           operation     8       8   u8
 *           status       10      10   s16
 * </pre>
 */
public enum BlkifAbi {
    /** {@code x86_64-abi}, and {@code arm-abi}, which lays out the same. */
    NATIVE(112, 8, 16, 24),
    /** {@code x86_32-abi}. */
    X86_32(108, 4, 12, 20);

    /** Bytes of one segment, in a slot and in a descriptor page. */
    public static final int SEGMENT_SIZE = 8;
    /** Largest {@link #slotSize}. */
    public static final int MAX_SLOT_SIZE = 112;

    private final int slotSize;
    private final int idOffset;
    private final int sectorOffset;
    private final int segmentsOffset;

    BlkifAbi(int slotSize, int idOffset, int sectorOffset, int segmentsOffset) {
        this.slotSize = slotSize;
        this.idOffset = idOffset;
        this.sectorOffset = sectorOffset;
        this.segmentsOffset = segmentsOffset;
    }

    /**
     * The layout for a frontend's {@code protocol} node, or null for a word nobody knows.
     *
     * @param protocol the node's value, null when it is absent: then x86_32 on x86 as in xen-blkback, QEMU and tapdisk,
     *                 although blkif.h says native
     * @param x86      whether this machine is one
     */
    public static BlkifAbi forProtocol(String protocol, boolean x86) {
        if (protocol == null) {
            return x86 ? X86_32 : NATIVE;
        }
        return switch (protocol) {
            case "x86_64-abi" -> x86 ? NATIVE : null;
            case "x86_32-abi" -> x86 ? X86_32 : null;
            case "arm-abi" -> x86 ? null : NATIVE;
            default -> null;
        };
    }

    /** Bytes from one ring slot to the next. */
    public int slotSize() {
        return slotSize;
    }

    /** Offset of {@code id} in a request. */
    public int idOffset() {
        return idOffset;
    }

    /** Offset of {@code sector_number} in a request. */
    public int sectorOffset() {
        return sectorOffset;
    }

    /** Offset of segment {@code index} in a request. */
    public int segmentOffset(int index) {
        return segmentsOffset + index * SEGMENT_SIZE;
    }

    /** Offset of {@code grefs[page]} in an indirect request. */
    public int indirectGrantOffset(int page) {
        return segmentsOffset + 4 + page * 4;
    }

    /** Offset of {@code nr_sectors} in a discard. */
    public int discardCountOffset() {
        return segmentsOffset;
    }

    /** Slots in a ring of {@code bytes}: the largest power of two that fits behind the header (ring.h __RD32). */
    public int slots(int bytes) {
        return Integer.highestOneBit((bytes - SharedRing.HEADER_SIZE) / slotSize);
    }
}
