// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.wire;

/** Bytes that are not what they should be; the message says in one line what is wrong with them. */
public final class WireException extends Exception {

    private static final long serialVersionUID = 1L;

    /** @param reason for an administrator, without the name of the file or of the peer */
    public WireException(String reason) {
        super(reason);
    }
}
