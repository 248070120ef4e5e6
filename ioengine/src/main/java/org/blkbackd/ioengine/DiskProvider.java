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

    /**
     * What the image is, whoever asks: the same text on every host and for every path that leads to it, another text
     * for another image. Opens no image; may block for as long as the storage likes. That two images have the same
     * text would only make one wait for the other; that one has two would let two hosts write to it. So where it is
     * not certain, there is none.
     *
     * @return printable ASCII without spaces
     * @throws DiskException when there is nothing, or nothing that another host would know it by; the message says what
     *     to do
     */
    default String identity(DiskSpec spec) {
        throw new DiskException(DiskException.Kind.UNSUPPORTED, spec + ": another host cannot know that it is this "
            + "image; give the target a name= that is the same on all hosts, or take it out of the peers' images");
    }

    /** Releases what the provider shares between disks; all of them are closed before. */
    @Override
    void close();
}
