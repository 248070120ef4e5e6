// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.memory;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Sizes as people write them: {@code 4096}, {@code 512K}, {@code 64M}, {@code 2G}, {@code 1T}. */
final class Sizes {

    private static final Pattern SIZE = Pattern.compile("([0-9]{1,15})([KMGT]?)");
    private static final String UNITS = "KMGT";

    private Sizes() {
    }

    /** Bytes. Throws IllegalArgumentException, its message without the text. */
    static long parse(String text) {
        Matcher matcher = SIZE.matcher(text);
        if (!matcher.matches()) {
            throw new IllegalArgumentException("not a size; give a number with K, M, G or T, such as 64M");
        }
        long number = Long.parseLong(matcher.group(1));
        int shift = matcher.group(2).isEmpty() ? 0 : 10 * (UNITS.indexOf(matcher.group(2)) + 1);
        if (number > Long.MAX_VALUE >> shift) {
            throw new IllegalArgumentException("too large");
        }
        long bytes = number << shift;
        if (bytes == 0 || bytes % 512 != 0) {
            throw new IllegalArgumentException("a disk's size is a multiple of 512 bytes and not zero");
        }
        return bytes;
    }
}
