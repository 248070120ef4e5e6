// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.xenbus;

/** Strict numbers from xenstore: plain decimal digits, nothing else, because a guest or a slip wrote them. */
final class Numbers {

    /** DOMID_FIRST_RESERVED - 1. */
    static final int MAX_DOMID = 0x7FEF;

    private Numbers() {
    }

    /** The number, or -1 when {@code text} is null, not made of ASCII digits alone, or above {@code max}. */
    static int parse(String text, int max) {
        long value = parseLong(text, max);
        return (int) value;
    }

    /** As {@link #parse} for numbers up to 2^32 - 1. */
    static long parseLong(String text, long max) {
        if (text == null || text.isEmpty() || text.length() > 10) {
            return -1;
        }
        long value = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c < '0' || c > '9') {
                return -1;
            }
            value = value * 10 + (c - '0');
        }
        return value > max ? -1 : value;
    }
}
