// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.file;

import java.nio.ByteBuffer;

/**
 * Where a file is, as statx(2) says. Offsets in struct statx: inode 32, device 136, mount id 144.
 *
 * @param inode   its number
 * @param device  of its file system, as "MAJOR:MINOR"; a number that this kernel chose
 * @param mountId in /proc/self/mountinfo, or -1 where the kernel (before 5.8) does not say
 */
record FileLocation(long inode, String device, long mountId) {

    static FileLocation parse(ByteBuffer statx) {
        return new FileLocation(statx.getLong(32),
            Integer.toUnsignedString(statx.getInt(136)) + ":" + Integer.toUnsignedString(statx.getInt(140)),
            (statx.getInt(0) & Linux.STATX_MNT_ID) != 0 ? statx.getLong(144) : -1);
    }
}
