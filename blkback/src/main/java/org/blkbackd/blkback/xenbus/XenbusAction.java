// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.xenbus;

/** What the state machine asks its vbd to do, in this order. */
public enum XenbusAction {
    /** Write features and limits and state 2, in one transaction. */
    OFFER,
    /** Open the image and attach the ring; {@code CONNECTED} or {@code CONNECT_FAILED} is to follow. */
    CONNECT,
    /** Take up rings, of an earlier process or parked; {@code CONNECTED} or {@code CONNECT_DEFERRED} is to follow. */
    RESUME,
    /** Write sectors, sector-size, info and state 4, in one transaction. */
    PUBLISH,
    /** Stop the ring for later, close the image, watch the ring; {@code PARKED} is to follow. */
    PARK,
    /** Stop the ring in order, close the image; {@code RELEASED} is to follow. */
    RELEASE,
    /** The same for a frontend that is gone: give its pages back before the storage has answered. */
    ABANDON,
    /** Write state 5. */
    WRITE_CLOSING,
    /** Write state 6; the image is closed by now. */
    WRITE_CLOSED,
    /** The device is gone: forget it. */
    FORGET
}
