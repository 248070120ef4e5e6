// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.xenstore.sim;

/** A request is answered with this errno. */
final class StoreError extends RuntimeException {

    StoreError(String errno) {
        super(errno, null, false, false);
    }

    boolean is(String errno) {
        return errno.equals(getMessage());
    }
}
