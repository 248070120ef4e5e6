// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.control;

/** A request that is not carried out. The message is one line for an administrator. */
public final class ControlException extends Exception {

    private final ControlError error;

    /** {@code message} says what is wrong and what to do. */
    public ControlException(ControlError error, String message) {
        super(message);
        this.error = error;
    }

    /** What programs tell apart. */
    public ControlError error() {
        return error;
    }
}
