// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.file;

import org.blkbackd.ioengine.DiskInfo;

/**
 * An opened image: what the I/O threads need to know of it.
 *
 * @param path   for messages
 * @param fd     the descriptor for everything before {@link Layout#tailStart}
 * @param tailFd a buffered descriptor for the rest, or -1
 * @param locks  null where no write modifies a part of a block
 */
record Image(String path, int fd, int tailFd, DiskInfo info, Layout layout, RangeLocks locks) {

    boolean hasTail() {
        return tailFd >= 0;
    }

    /** The same image after it grew. */
    Image withSize(long sizeBytes, int newTailFd) {
        return new Image(path, fd, newTailFd, info.withSize(sizeBytes), layout.withSize(sizeBytes), locks);
    }
}
