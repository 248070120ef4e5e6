// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.xenbus;

/** Why the state machine is asked. */
public enum XenbusEvent {
    /** Xenstore was read again. Anything may have changed, or nothing. */
    LOOKED,
    /** CONNECT succeeded. */
    CONNECTED,
    /** CONNECT failed; nothing is open. The error has been reported. */
    CONNECT_FAILED,
    /** CONNECT could not be tried, because xenstored did not answer, or RESUME failed; the next look tries again. */
    CONNECT_DEFERRED,
    /** The guest seems to be suspended, and nothing is in flight. */
    SUSPENDED,
    /** PARK is done; the image is closed. */
    PARKED,
    /** The ring of a parked guest moves: it was not suspended, or goes on. */
    MOVED,
    /** RELEASE or ABANDON is done; nothing is open. */
    RELEASED
}
