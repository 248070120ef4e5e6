// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.file;

/**
 * How an image wants to be read and written.
 *
 * @param offsetAlignment what offsets and lengths on the descriptor must be multiples of; 1 through the page cache
 * @param memoryAlignment the same for memory addresses
 * @param tailStart       where the part begins that only the buffered descriptor serves; Long.MAX_VALUE without one
 * @param discardUnit     a discard is narrowed to whole units of it
 * @param blockDevice     discards by BLKDISCARD, not by punching holes
 */
record Layout(int offsetAlignment, int memoryAlignment, long tailStart, int discardUnit, boolean blockDevice) {

    /** A write smaller than the storage's unit reads, modifies and writes; only then are there range locks. */
    boolean modifies() {
        return offsetAlignment > 512;
    }

    long floor(long offset) {
        return offset & -offsetAlignment;
    }

    long ceiling(long offset) {
        return offset + offsetAlignment - 1 & -offsetAlignment;
    }
}
