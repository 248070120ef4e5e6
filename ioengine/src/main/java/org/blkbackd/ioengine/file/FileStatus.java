// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.file;

import java.nio.ByteBuffer;

/**
 * What statx(2) says about an image. Offsets in struct statx: blksize 4, mode 28, size 40, rdev 128, dio_mem_align 152,
 * dio_offset_align 156; the mask at 0 says what the kernel filled in.
 *
 * @param mode              type and permission bits
 * @param sizeBytes         of a regular file
 * @param blockSize         preferred unit of I/O, the file system's block on most
 * @param deviceNumber      of a device node, as "MAJOR:MINOR"
 * @param directKnown       the kernel (6.1 and later) says how O_DIRECT wants its alignment
 * @param memoryAlignment   of buffers; 0 when O_DIRECT is not supported
 * @param offsetAlignment   of offsets and lengths; 0 when O_DIRECT is not supported
 */
record FileStatus(int mode, long sizeBytes, int blockSize, String deviceNumber, boolean directKnown,
                  int memoryAlignment, int offsetAlignment) {

    private static final int S_IFMT = 0xf000;
    private static final int S_IFREG = 0x8000;
    private static final int S_IFBLK = 0x6000;

    static FileStatus parse(ByteBuffer statx) {
        boolean direct = (statx.getInt(0) & Linux.STATX_DIOALIGN) != 0;
        return new FileStatus(statx.getShort(28) & 0xffff, statx.getLong(40), statx.getInt(4),
            Integer.toUnsignedString(statx.getInt(128)) + ":" + Integer.toUnsignedString(statx.getInt(132)),
            direct, direct ? statx.getInt(152) : 0, direct ? statx.getInt(156) : 0);
    }

    boolean isRegularFile() {
        return (mode & S_IFMT) == S_IFREG;
    }

    boolean isBlockDevice() {
        return (mode & S_IFMT) == S_IFBLK;
    }

    /** What it is, for a message. */
    String typeName() {
        return switch (mode & S_IFMT) {
            case S_IFREG -> "a regular file";
            case S_IFBLK -> "a block device";
            case 0x1000 -> "a FIFO";
            case 0x2000 -> "a character device";
            case 0x4000 -> "a directory";
            case 0xc000 -> "a socket";
            default -> "of an unknown type";
        };
    }
}
