// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine;

/**
 * How to open a disk.
 *
 * @param readOnly   the descriptor itself is opened read-only
 * @param exclusive  takes the image's lock, which QEMU and qemu-img heed too: one writer, or any number of readers.
 *                   False takes none and heeds none, for images shared knowingly, as cluster file systems do
 * @param patienceMs how long to wait for the lock while another holds it; 0 tries once
 */
public record OpenMode(boolean readOnly, boolean exclusive, long patienceMs) {

    /** Checks the range. */
    public OpenMode {
        if (patienceMs < 0) {
            throw new IllegalArgumentException("a patience of " + patienceMs + " ms");
        }
    }

    /** With the lock, which must be free now. */
    public static OpenMode exclusive(boolean readOnly) {
        return new OpenMode(readOnly, true, 0);
    }

    /** The same with another patience. */
    public OpenMode withPatience(long milliseconds) {
        return new OpenMode(readOnly, exclusive, milliseconds);
    }
}
