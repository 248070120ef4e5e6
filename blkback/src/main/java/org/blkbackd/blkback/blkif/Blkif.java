// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.blkif;

/** Numbers of xen/include/public/io/blkif.h. */
public final class Blkif {

    /** BLKIF_OP_READ. */
    public static final int OP_READ = 0;
    /** BLKIF_OP_WRITE. */
    public static final int OP_WRITE = 1;
    /** BLKIF_OP_WRITE_BARRIER. */
    public static final int OP_WRITE_BARRIER = 2;
    /** BLKIF_OP_FLUSH_DISKCACHE. */
    public static final int OP_FLUSH_DISKCACHE = 3;
    /** BLKIF_OP_DISCARD. */
    public static final int OP_DISCARD = 5;
    /** BLKIF_OP_INDIRECT. */
    public static final int OP_INDIRECT = 6;

    /** BLKIF_RSP_OKAY. */
    public static final int RSP_OKAY = 0;
    /** BLKIF_RSP_ERROR. */
    public static final int RSP_ERROR = -1;
    /** BLKIF_RSP_EOPNOTSUPP. */
    public static final int RSP_EOPNOTSUPP = -2;

    /** BLKIF_MAX_SEGMENTS_PER_REQUEST: what a plain request holds. */
    public static final int MAX_SEGMENTS = 11;
    /** BLKIF_MAX_INDIRECT_PAGES_PER_REQUEST: descriptor pages of an indirect request. */
    public static final int MAX_INDIRECT_PAGES = 8;
    /** SEGS_PER_INDIRECT_FRAME: segments that one descriptor page describes. */
    public static final int SEGMENTS_PER_INDIRECT_PAGE = 512;
    /** What we advertise for an indirect request, as xen-blkback does; its descriptors always fit one page. */
    public static final int MAX_INDIRECT_SEGMENTS = 256;
    /** BLKIF_DISCARD_SECURE: the bit in {@code flag}. */
    public static final int DISCARD_FLAG_SECURE = 1;
    /** Bytes of a sector in every blkif number, whatever {@code sector-size} says. */
    public static final int SECTOR_SIZE = 512;
    /** log2 of {@link #SECTOR_SIZE}. */
    public static final int SECTOR_SHIFT = 9;
    /** Sectors in a granted page: {@code last_sect} is below it. */
    public static final int SECTORS_PER_PAGE = 8;
    /** Bytes of a granted page. */
    public static final int PAGE_SIZE = 4096;

    /** VDISK_CDROM in {@code info}. */
    public static final int VDISK_CDROM = 1;
    /** VDISK_REMOVABLE in {@code info}. */
    public static final int VDISK_REMOVABLE = 2;
    /** VDISK_READONLY in {@code info}. */
    public static final int VDISK_READONLY = 4;

    private Blkif() {
    }
}
