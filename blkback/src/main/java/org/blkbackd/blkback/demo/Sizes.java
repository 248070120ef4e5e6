// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.demo;

import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads {@code 4096}, {@code 4K}, {@code 256M}, {@code 1G}: powers of 1024, as qemu-img does. */
final class Sizes implements ITypeConverter<Long> {

    private static final String UNITS = "KMGT";

    @Override
    public Long convert(String text) {
        String digits = text;
        int shift = 0;
        int unit = text.isEmpty() ? -1 : UNITS.indexOf(Character.toUpperCase(text.charAt(text.length() - 1)));
        if (unit >= 0) {
            digits = text.substring(0, text.length() - 1);
            shift = 10 * (unit + 1);
        }
        if (!digits.matches("[0-9]{1,12}") || Long.parseLong(digits) > Long.MAX_VALUE >> shift) {
            throw new TypeConversionException("'" + text + "' is not a size such as 4096, 4K or 256M");
        }
        return Long.parseLong(digits) << shift;
    }
}
