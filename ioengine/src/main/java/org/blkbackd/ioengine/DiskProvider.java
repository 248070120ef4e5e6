// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine;

import java.util.Set;

/** The plug-in point: the schemes it serves and how to open one. Thread-safe. */
public interface DiskProvider extends AutoCloseable {

    /** Schemes in lower case, without the colon. */
    Set<String> schemes();

    /**
     * Says whether {@link #open} would be likely to succeed, without opening the image: no descriptor of it exists at
     * any moment. For an attach that should fail early with a clear line. Throws what open would throw.
     */
    void check(DiskSpec spec, boolean readOnly);

    /**
     * Opens and probes. May block for as long as the storage likes.
     *
     * @param readOnly the descriptor itself is opened read-only
     * @throws DiskException with a message for the administrator
     */
    Disk open(DiskSpec spec, boolean readOnly);

    /** Releases what the provider shares between disks; all of them are closed before. */
    @Override
    void close();
}
