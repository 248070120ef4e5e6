// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.blkif;

/**
 * What requests are judged by: the disk as the frontend was told of it.
 *
 * @param sectors    its size in 512-byte units
 * @param sectorSize {@code sector-size}: 512, or a larger power of two to whose multiples every request must keep
 * @param readOnly   refuse everything that changes data
 * @param discard    {@code feature-discard}
 */
public record DiskLimits(long sectors, int sectorSize, boolean readOnly, boolean discard) {

    /** The same disk after it has grown. */
    public DiskLimits withSectors(long newSectors) {
        return new DiskLimits(newSectors, sectorSize, readOnly, discard);
    }

    /** Whether a range lies on the disk; any of the 64-bit values is possible. */
    boolean holds(long sector, long count) {
        // sector <= sectors first: then the difference cannot overflow, and a sector beyond 2^63 is negative.
        return sector >= 0 && sector <= sectors && count >= 0 && count <= sectors - sector;
    }

    /** Whether a sector number is a multiple of {@link #sectorSize}. */
    boolean aligned(long sector) {
        return (sector & (sectorSize >> Blkif.SECTOR_SHIFT) - 1) == 0;
    }
}
