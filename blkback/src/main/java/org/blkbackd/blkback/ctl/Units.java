// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.ctl;

import java.util.Locale;
import org.blkbackd.ioengine.Sizes;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Sizes and times as people read and write them. Sizes are in powers of 1024, as in qemu-img. */
final class Units implements ITypeConverter<Long> {

    private static final String UNITS = "KMGT";
    private static final long MICROSECOND = 1_000;
    private static final long MILLISECOND = 1_000_000;
    private static final long SECOND = 1_000_000_000;
    private static final double SMALL = 9.95;

    /** Reads {@code 4096}, {@code 10G}: what {@code blkbackctl resize} takes. */
    @Override
    public Long convert(String text) {
        try {
            return Sizes.parse(text);
        } catch (IllegalArgumentException e) {
            throw new TypeConversionException("'" + text + "' is not a size such as 512M, 10G or 1T");
        }
    }

    /** {@code 10G}, {@code 1.5M}, {@code 512}: at most one digit after the point. */
    static String bytes(double bytes) {
        double left = bytes;
        int unit = -1;
        while (left >= 1024 && unit < UNITS.length() - 1) {
            left /= 1024;
            unit++;
        }
        return number(left) + (unit < 0 ? "" : UNITS.charAt(unit));
    }

    /** A rate: one digit after the point while it is small. */
    static String number(double value) {
        return value == Math.rint(value) || value >= SMALL
            ? String.format(Locale.ROOT, "%.0f", value) : String.format(Locale.ROOT, "%.1f", value);
    }

    /** {@code 85us}, {@code 1.2ms}, {@code 3.0s}. */
    static String nanos(long nanos) {
        if (nanos < MILLISECOND) {
            return number((double) nanos / MICROSECOND) + "us";
        }
        return nanos < SECOND ? number((double) nanos / MILLISECOND) + "ms" : number((double) nanos / SECOND) + "s";
    }
}
