// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.model;

/** What the service promises did not hold. */
final class BrokenRule extends RuntimeException {

    private static final long serialVersionUID = 1L;

    BrokenRule(String message) {
        super(message);
    }

    static void require(boolean holds, String message) {
        if (!holds) {
            throw new BrokenRule(message);
        }
    }
}
