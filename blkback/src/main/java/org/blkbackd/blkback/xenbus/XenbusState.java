// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.xenbus;

/** enum xenbus_state (xen/include/public/io/xenbus.h); a constant's ordinal is its number in xenstore. */
public enum XenbusState {
    /** Also what an absent or unreadable {@code state} node means. */
    UNKNOWN,
    INITIALISING,
    INIT_WAIT,
    INITIALISED,
    CONNECTED,
    CLOSING,
    CLOSED,
    RECONFIGURING,
    RECONFIGURED;

    private static final XenbusState[] BY_NUMBER = values();

    /** The state a {@code state} node says; anything but one of the numbers, null included, is UNKNOWN. */
    public static XenbusState parse(String text) {
        if (text == null || text.length() != 1 || text.charAt(0) < '0' || text.charAt(0) > '8') {
            return UNKNOWN;
        }
        return BY_NUMBER[text.charAt(0) - '0'];
    }

    /** What stands in xenstore. */
    public String wire() {
        return Integer.toString(ordinal());
    }
}
