// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.file;

import org.blkbackd.ioengine.DiskInfo;

/**
 * An opened image: what the I/O threads need to know of it.
 *
 * @param path    for messages
 * @param fd      the descriptor for everything before {@link Layout#tailStart}; it carries the {@link ImageLock}, so it
 *                stays open for as long as the image is served
 * @param tailFd  a buffered descriptor for the rest, or -1
 * @param nowait  {@link ImageProbe#beginsWithoutWaiting}
 * @param locks   null where no write modifies a part of a block
 * @param warning as {@link org.blkbackd.ioengine.Disk#warning}
 */
record Image(String path, int fd, int tailFd, DiskInfo info, Layout layout, boolean nowait, RangeLocks locks,
             String warning) {

    boolean hasTail() {
        return tailFd >= 0;
    }

    /** The same image after it grew. */
    Image withSize(long sizeBytes, int newTailFd) {
        return new Image(path, fd, newTailFd, info.withSize(sizeBytes), layout.withSize(sizeBytes), nowait,
            locks, warning);
    }
}
