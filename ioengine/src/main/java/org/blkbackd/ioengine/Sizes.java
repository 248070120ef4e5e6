// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine;

import java.util.Locale;

/** Sizes as people write them, in powers of 1024, as qemu-img: {@code 4096}, {@code 512k}, {@code 64M}, {@code 1T}. */
public final class Sizes {

    private static final String UNITS = "KMGT";

    private Sizes() {
    }

    /** Bytes. Throws IllegalArgumentException, its message without the text. */
    public static long parse(String text) {
        int unit = text.isEmpty() ? -1 : UNITS.indexOf(text.substring(text.length() - 1).toUpperCase(Locale.ROOT));
        int shift = 10 * (unit + 1);
        String digits = unit < 0 ? text : text.substring(0, text.length() - 1);
        if (!digits.matches("[0-9]{1,18}")) {
            throw new IllegalArgumentException("not a size; give a number with K, M, G or T, such as 64M");
        }
        long number = Long.parseLong(digits);
        if (number > Long.MAX_VALUE >> shift) {
            throw new IllegalArgumentException("too large");
        }
        return number << shift;
    }
}
