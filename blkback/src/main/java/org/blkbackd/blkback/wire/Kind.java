// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.wire;

/** What an envelope holds. Codes are for ever: none is changed or used again. */
public enum Kind {
    /** {@link RingRecord}. */
    RING(1),
    /** The first words of two daemons to each other; version 1 of them can be read by every daemon there will be. */
    HELLO(2),
    /** A message of a hand-over. */
    TAKEOVER(3),
    /** A message between the daemons of two hosts. */
    MIGRATION(4);

    private final int code;

    Kind(int code) {
        this.code = code;
    }

    int code() {
        return code;
    }

    /** For messages: a kind's name, or the number of one that is not known. */
    static String name(int code) {
        for (Kind kind : values()) {
            if (kind.code == code) {
                return kind.name();
            }
        }
        return "kind " + code;
    }
}
