// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine;

/**
 * Control handle on an opened image. Opening, measuring, growing and closing may block for as long as the storage
 * likes, so they belong on a thread that may wait. Close the engines first. Thread-safe.
 */
public interface Disk extends AutoCloseable {

    /** What was found when the image was opened, with the size found last. */
    DiskInfo info();

    /** What this disk has to go without, as one line for an administrator; empty when there is nothing to say. */
    default String warning() {
        return "";
    }

    /**
     * A data handle for one owner thread. Several engines of one disk may work at once; the disk keeps their
     * read-modify-writes apart.
     *
     * @param depth requests that may be in flight at most
     * @param loop  the owner's; a completion that became visible to {@link IoEngine#reap} ends its sleep
     */
    IoEngine newEngine(int depth, IoLoop loop);

    /**
     * Asks the storage for its size again. A larger one counts from now on, in {@link #info} and for every engine, also
     * while requests are in flight. When the storage has become smaller, the size stays: a guest cannot be told, and
     * what it reads beyond the end fails.
     *
     * @throws DiskException when the storage does not tell, or the new part cannot be served; nothing has changed then
     * @throws IllegalStateException when the disk is closed
     */
    Measured remeasure();

    /**
     * Makes the image larger, durably, and measures it. The new part of a file reads as zeros and takes no space yet.
     * A block device is grown by its own tools, followed by {@link #remeasure}.
     *
     * @param sizeBytes a multiple of 512, and no less than there is
     * @throws DiskException when that is refused or failed, and as {@link #remeasure}
     */
    Measured grow(long sizeBytes);

    /** Closes the image. Throws {@link DiskException} when the last write-back failed. */
    @Override
    void close();
}
