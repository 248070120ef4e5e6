// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.device;

/** A device could not change hands; the message says why, in one line. */
public final class HandOverException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    /** @param reason for an administrator */
    public HandOverException(String reason) {
        super(reason);
    }
}
