// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.sim;

/** What {@code xl} would fail with; the message is the one it would print. */
public final class ToolstackException extends RuntimeException {

    /** {@code message} names the device. */
    public ToolstackException(String message) {
        super(message);
    }
}
