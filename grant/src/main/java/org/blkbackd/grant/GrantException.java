// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.grant;

/** A failed map, bind or open of a hypervisor interface: the message names what was asked for, errno says why. */
public final class GrantException extends RuntimeException {

    private final int errno;

    /** {@code what} is the operation with its operands, {@code errno} positive as in errno.h, 0 where there is none. */
    public GrantException(String what, int errno) {
        super(errno == 0 ? what : what + ": errno " + errno);
        this.errno = errno;
    }

    /** Positive errno, or 0. */
    public int errno() {
        return errno;
    }
}
