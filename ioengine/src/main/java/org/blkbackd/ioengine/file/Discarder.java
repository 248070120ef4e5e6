// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.file;

import java.nio.ByteBuffer;
import org.blkbackd.ioengine.DiskInfo;
import org.blkbackd.ioengine.Errno;
import org.blkbackd.ioengine.IoMemory;
import org.blkbackd.ioengine.IoRequest;

/**
 * Discards a range piece by piece, in one I/O thread.
 *
 * <p>Only units that lie in the range as a whole are discarded; what is left of it at either end stays, as in Linux.
 * A secure discard may not leave anything, so one that is not made of whole sectors of the storage is refused.
 *
 * <p>A piece is what is done before others get their turn. While it punches, a file system may lock the file: ext4 took
 * 3 ms for 16 MiB in one extent and 140 ms for 16 MiB in extents of 4096 bytes. So it is 16 MiB there, and a discard of
 * a sparse TiB still costs no more than 65536 calls of some microseconds. A device locks nothing, but each of its
 * discards may take milliseconds however small it is: 256 MiB.
 */
final class Discarder {

    /** From {@link #step}: there is another piece. */
    static final long MORE = 1;
    static final long FILE_PIECE_BYTES = 16L << 20;
    static final long DEVICE_PIECE_BYTES = 256L << 20;

    private final FileIo io;
    private final int slot;
    private final long rangeAddress;
    private final ByteBuffer range;

    /**
     * @param slot    number of the owning I/O thread
     * @param scratch that thread's memory, overwritten from its start on
     */
    Discarder(FileIo io, int slot, IoMemory scratch) {
        this.io = io;
        this.slot = slot;
        rangeAddress = scratch.address();
        range = scratch.buffer(0, Linux.RANGE_BYTES);
    }

    /** Discards the next piece and notes in the request how far it came. Returns 0, a negative errno, or MORE. */
    long step(FileDisk disk, IoRequest request) {
        Image image = disk.image();
        DiskInfo info = image.info();
        long start = request.offsetBytes();
        long end = start + request.lengthBytes();
        int unit = info.discardGranularity();
        int shift = info.discardAlignment();
        if (request.isSecure()) {
            unit = info.logicalSectorSize();
            shift = 0;
            if ((start | end) % unit != 0) {
                return -Errno.EINVAL;
            }
        }
        long first = shift - Math.floorDiv(shift - start - request.progressBytes(), unit) * unit;
        // a disk may end in a part of a unit: that part is whole as far as the disk is concerned
        long last = end == info.sizeBytes() ? end : shift + Math.floorDiv(end - shift, unit) * unit;
        long piece = image.layout().blockDevice() ? DEVICE_PIECE_BYTES : FILE_PIECE_BYTES;
        long stop = Math.min(last, first + Math.max(unit, piece / unit * unit));
        if (first >= last) {
            return 0;
        }
        long result = discardLocked(image, first, stop, request.isSecure());
        if (result == 0 && stop < last) {
            request.progressTo(stop - start);
            return MORE;
        }
        return result;
    }

    /** Keeps out whoever is between reading one of the blocks and writing it back. */
    private long discardLocked(Image image, long first, long stop, boolean secure) {
        if (image.locks() == null) {
            return discard(image, first, stop, secure);
        }
        image.locks().acquire(slot, image.layout().floor(first), image.layout().ceiling(stop), false);
        try {
            return discard(image, first, stop, secure);
        } finally {
            image.locks().release(slot);
        }
    }

    private long discard(Image image, long first, long stop, boolean secure) {
        int result;
        do {
            if (image.layout().blockDevice()) {
                range.putLong(0, first).putLong(8, stop - first);
                result = io.ioctl(image.fd(), secure ? Linux.BLKSECDISCARD : Linux.BLKDISCARD, rangeAddress);
            } else {
                result = io.punchHole(image.fd(), first, stop - first);
            }
        } while (result == -Errno.EINTR);
        return result;
    }
}
