// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.control;

import java.util.Locale;

/** Why a request was not carried out, for programs. The words on the wire never change their meaning. */
public enum ControlError {
    /** Not JSON, too long, an unknown command, a missing or impossible value. */
    BAD_REQUEST,
    /** The other end speaks another version of the format. */
    VERSION,
    /** Nobody but root and the daemon's own user may ask. */
    DENIED,
    /** There is no such device. */
    NO_SUCH_DEVICE,
    /** Too many connections, or no answer from the daemon in time. */
    BUSY,
    /** It was tried and failed. */
    FAILED;

    /** As on the wire: {@code no-such-device}. */
    public String word() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** The error of a {@link #word}; FAILED for a word that a later version may have brought. */
    public static ControlError ofWord(String word) {
        for (ControlError error : values()) {
            if (error.word().equals(word)) {
                return error;
            }
        }
        return FAILED;
    }
}
