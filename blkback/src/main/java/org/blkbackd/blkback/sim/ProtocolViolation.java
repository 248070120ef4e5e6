// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.sim;

/** The backend broke a rule that costs a real guest its disk: always a fault of the backend, never of the test. */
public final class ProtocolViolation extends FrontendException {

    /** {@code message} says which. */
    public ProtocolViolation(String message) {
        super(message);
    }
}
