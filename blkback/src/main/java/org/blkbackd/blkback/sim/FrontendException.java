// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.sim;

/** The backend did not do what a frontend waits for, or the device is closed. */
public class FrontendException extends RuntimeException {

    /** {@code message} says what was waited for and what was there. */
    public FrontendException(String message) {
        super(message);
    }

    /** The same with the fault below it. */
    public FrontendException(String message, Throwable cause) {
        super(message, cause);
    }
}
