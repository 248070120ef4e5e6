// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine;

/**
 * How to open a disk.
 *
 * @param readOnly   the descriptor itself is opened read-only
 * @param exclusive  takes the image's lock, which QEMU and qemu-img heed too: one writer, or any number of readers.
 *                   False takes none and heeds none, for images shared knowingly, as cluster file systems do
 * @param patienceMs how long to wait for the lock while another holds it; 0 tries once
 * @param fresh      another host may have written to the image since this kernel cached parts of it: drops them once
 *                   the lock is held and before anything is read, the size too. For a first opening and after another
 *                   host may have had the image; not for taking up what this host served all the time. An exclusive
 *                   disk is refused while pages stay; others have readers and writers here who may keep them
 */
public record OpenMode(boolean readOnly, boolean exclusive, long patienceMs, boolean fresh) {

    /** Checks the range. */
    public OpenMode {
        if (patienceMs < 0) {
            throw new IllegalArgumentException("a patience of " + patienceMs + " ms");
        }
    }

    /** Not fresh. */
    public OpenMode(boolean readOnly, boolean exclusive, long patienceMs) {
        this(readOnly, exclusive, patienceMs, false);
    }

    /** With the lock, which must be free now; not fresh. */
    public static OpenMode exclusive(boolean readOnly) {
        return new OpenMode(readOnly, true, 0);
    }

    /** The same with another patience. */
    public OpenMode withPatience(long milliseconds) {
        return new OpenMode(readOnly, exclusive, milliseconds, fresh);
    }

    /** The same, fresh or not. */
    public OpenMode withFresh(boolean wanted) {
        return new OpenMode(readOnly, exclusive, patienceMs, wanted);
    }
}
