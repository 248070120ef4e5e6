// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine;

/**
 * What a disk can do, probed when it was opened; only its size may change afterwards, and only upwards.
 *
 * @param sizeBytes          a multiple of 512; a file's odd tail is not served
 * @param logicalSectorSize  smallest unit the storage itself reads and writes; guests may use 512 all the same
 * @param physicalSectorSize unit below which the storage reads, modifies and writes
 * @param readOnly           the descriptor itself cannot write
 * @param direct             bypasses the page cache
 * @param discard            holes can be punched or blocks discarded; tried, not guessed
 * @param discardGranularity bytes that are discarded together, 0 without discard
 * @param discardAlignment   bytes before the first whole discard unit; less than the granularity
 * @param secureDiscard      blocks can be discarded so that no copy of them is left
 */
public record DiskInfo(long sizeBytes, int logicalSectorSize, int physicalSectorSize, boolean readOnly,
                       boolean direct, boolean discard, int discardGranularity, int discardAlignment,
                       boolean secureDiscard) {

    /** The unit of every blkif sector number, whatever the storage's own sector size. */
    public static final int SECTOR_SIZE = 512;

    /** Size in 512-byte units. */
    public long sectors() {
        return sizeBytes / SECTOR_SIZE;
    }

    /**
     * The check every engine makes before it touches anything.
     *
     * @return 0, or the negative errno to complete the request with: EINVAL outside the disk or not in units of 512,
     *     EROFS for a change to a read-only disk, EOPNOTSUPP for a discard the storage cannot do
     */
    public long refusal(IoRequest request) {
        IoRequest.Operation operation = request.operation();
        if (operation == IoRequest.Operation.FLUSH) {
            return 0;
        }
        if (readOnly && operation != IoRequest.Operation.READ) {
            return -Errno.EROFS;
        }
        long offset = request.offsetBytes();
        long length = request.lengthBytes();
        // offset + length may overflow, size - offset cannot once the offset is known to lie on the disk
        if (offset < 0 || length < 0 || offset > sizeBytes || length > sizeBytes - offset
            || ((offset | length) & SECTOR_SIZE - 1) != 0) {
            return -Errno.EINVAL;
        }
        return operation == IoRequest.Operation.DISCARD && !(request.isSecure() ? secureDiscard : discard)
            ? -Errno.EOPNOTSUPP : 0;
    }

    /** The same disk, larger. */
    public DiskInfo withSize(long bytes) {
        return new DiskInfo(bytes, logicalSectorSize, physicalSectorSize, readOnly, direct, discard,
            discardGranularity, discardAlignment, secureDiscard);
    }

    /**
     * The check every disk makes before it grows: a whole number of sectors, and no fewer than there are.
     *
     * @param name what the disk is called in the message
     * @throws DiskException when it is not
     */
    public void requireGrowth(String name, long newSizeBytes) {
        if (newSizeBytes <= 0 || newSizeBytes % SECTOR_SIZE != 0) {
            throw new DiskException(DiskException.Kind.BAD_SIZE,
                name + ": " + newSizeBytes + " bytes are no size of a disk; give a multiple of " + SECTOR_SIZE);
        }
        if (newSizeBytes < sizeBytes) {
            throw new DiskException(DiskException.Kind.BAD_SIZE, name + ": has " + sizeBytes
                + " bytes and cannot shrink to " + newSizeBytes + "; give a larger size");
        }
    }
}
