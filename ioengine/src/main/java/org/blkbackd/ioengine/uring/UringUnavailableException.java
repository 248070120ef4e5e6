// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.uring;

/** This kernel, or whoever confines this process, does not let us use io_uring; the message says why. */
public final class UringUnavailableException extends Exception {

    private static final long serialVersionUID = 1;

    UringUnavailableException(String message) {
        super(message);
    }
}
