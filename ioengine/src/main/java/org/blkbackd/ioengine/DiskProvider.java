// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine;

import java.util.Set;

/** The plug-in point: the schemes it serves and how to open one. Thread-safe. */
public interface DiskProvider extends AutoCloseable {

    /** Schemes in lower case, without the colon. */
    Set<String> schemes();

    /**
     * Says whether {@link #open} would be likely to succeed, without opening the image: no descriptor of it exists at
     * any moment. For an attach that should fail early with a clear line. Throws what open would throw, except that
     * somebody else may hold the image now: who migrates, reboots or takes over attaches before the other has let go.
     */
    void check(DiskSpec spec, boolean readOnly);

    /**
     * Opens and probes. May block for as long as the storage likes, and while another holds the image for as long as
     * the mode says.
     *
     * @throws DiskException with a message for the administrator; {@link DiskException.Kind#IN_USE} when another holds
     *     the image, after all patience. A thread that is interrupted while it waits has no more patience.
     */
    Disk open(DiskSpec spec, OpenMode mode);

    /** Opens exclusively, with no patience. */
    default Disk open(DiskSpec spec, boolean readOnly) {
        return open(spec, OpenMode.exclusive(readOnly));
    }

    /** Releases what the provider shares between disks; all of them are closed before. */
    @Override
    void close();
}
