// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine;

/**
 * What measuring a disk again found.
 *
 * @param info         of the disk from now on
 * @param storageBytes what the storage has now, in whole sectors; less than the size in {@code info} when it shrank
 */
public record Measured(DiskInfo info, long storageBytes) {

    /** The storage became smaller than the disk that is served from it. */
    public boolean shrunk() {
        return storageBytes < info.sizeBytes();
    }
}
