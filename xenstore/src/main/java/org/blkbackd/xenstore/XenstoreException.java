// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.xenstore;

/** An error reply of xenstored, a lost connection, or no answer in time. */
public final class XenstoreException extends RuntimeException {

    /** {@link #error} of a call whose connection was lost or which got no answer in time. */
    public static final String DISCONNECTED = "DISCONNECTED";

    private final String error;

    /** {@code what} is the operation and its path; {@code error} is xenstored's word ({@code ENOENT}). */
    public XenstoreException(String what, String error) {
        super(what + ": " + error);
        this.error = error;
    }

    /** The same with the fault below it. */
    public XenstoreException(String what, String error, Throwable cause) {
        super(what + ": " + error, cause);
        this.error = error;
    }

    /** xenstored's word: {@code ENOENT}, {@code EACCES}, {@code EAGAIN}, ... or {@link #DISCONNECTED}. */
    public String error() {
        return error;
    }

    /** There is no such node. */
    public boolean isNoEntry() {
        return error.equals("ENOENT");
    }

    /** The call may or may not have had its effect: the connection went away before the answer came. */
    public boolean isConnectionLost() {
        return error.equals(DISCONNECTED);
    }
}
