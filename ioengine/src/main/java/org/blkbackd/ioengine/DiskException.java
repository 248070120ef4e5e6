// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine;

/** A disk that could not be opened, probed, grown or closed. The message is one line for an administrator. */
public final class DiskException extends RuntimeException {

    /** What callers tell apart. */
    public enum Kind {
        /** The address itself is wrong: no such scheme, no path. */
        BAD_SPEC,
        /** There is nothing at that path. */
        NOT_FOUND,
        /** There is something, but nothing that can be served: a directory, a socket, an empty file. */
        UNSUPPORTED,
        /** Reading or writing is not permitted. */
        ACCESS,
        /** Somebody else holds the image's lock, or keeps old parts of it in this host's memory; may pass. */
        IN_USE,
        /** A size that the disk cannot be given. */
        BAD_SIZE,
        /** The storage answered with an error. */
        IO
    }

    private final Kind kind;

    /** {@code message} says what is wrong, where, and what to do. */
    public DiskException(Kind kind, String message) {
        super(message);
        this.kind = kind;
    }

    /** The same with the fault below it. */
    public DiskException(Kind kind, String message, Throwable cause) {
        super(message, cause);
        this.kind = kind;
    }

    /** What went wrong. */
    public Kind kind() {
        return kind;
    }
}
