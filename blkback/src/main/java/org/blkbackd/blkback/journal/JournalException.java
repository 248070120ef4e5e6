// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.journal;

/** A journal cannot be used; the message says which and why, in one line. */
public final class JournalException extends Exception {

    private static final long serialVersionUID = 1L;

    /** @param message for an administrator */
    public JournalException(String message) {
        super(message);
    }

    JournalException(String message, Throwable cause) {
        super(message, cause);
    }
}
