// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.file;

/**
 * How an image wants to be read and written.
 *
 * @param offsetAlignment what offsets and lengths on the descriptor must be multiples of; 1 through the page cache
 * @param memoryAlignment the same for memory addresses
 * @param tailStart       where the part begins that only the buffered descriptor serves; Long.MAX_VALUE without one
 * @param blockDevice     discards by BLKDISCARD, not by punching holes
 */
record Layout(int offsetAlignment, int memoryAlignment, long tailStart, boolean blockDevice) {

    /** A write smaller than the storage's unit reads, modifies and writes; only then are there range locks. */
    boolean modifies() {
        return offsetAlignment > 512;
    }

    /** The same for another size of the image. */
    Layout withSize(long sizeBytes) {
        return new Layout(offsetAlignment, memoryAlignment, tailStart(sizeBytes, offsetAlignment), blockDevice);
    }

    /** Where the tail begins: on a border of pages, so that no page of the cache holds anything else. */
    static long tailStart(long sizeBytes, int offsetAlignment) {
        return sizeBytes % offsetAlignment == 0 ? Long.MAX_VALUE
            : sizeBytes & -Math.max(offsetAlignment, ImageProbe.PAGE_SIZE);
    }

    /** Whether the image ends in a part of a block, which O_DIRECT cannot write. */
    boolean hasTail() {
        return tailStart != Long.MAX_VALUE;
    }

    long floor(long offset) {
        return offset & -offsetAlignment;
    }

    long ceiling(long offset) {
        return offset + offsetAlignment - 1 & -offsetAlignment;
    }
}
