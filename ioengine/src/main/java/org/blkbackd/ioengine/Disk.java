// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine;

/**
 * Control handle on an opened image. Opening and closing may block for as long as the storage likes, so both belong on
 * a thread that may wait. Close the engines first.
 */
public interface Disk extends AutoCloseable {

    /** What was found when the image was opened. */
    DiskInfo info();

    /**
     * A data handle for one owner thread. Several engines of one disk may work at once; the disk keeps their
     * read-modify-writes apart.
     *
     * @param depth  requests that may be in flight at most
     * @param wakeup called from any thread after a completion became visible to {@link IoEngine#reap}
     */
    IoEngine newEngine(int depth, Wakeup wakeup);

    /** Closes the image. Throws {@link DiskException} when the last write-back failed. */
    @Override
    void close();
}
