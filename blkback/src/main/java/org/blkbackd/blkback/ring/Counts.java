// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.ring;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/** A number for each constant of an enum: written by one thread, which needs no atomic addition, read by anyone. */
final class Counts<E extends Enum<E>> {

    private static final VarHandle LONGS = MethodHandles.arrayElementVarHandle(long[].class);

    private final long[] values;

    Counts(Class<E> what) {
        values = new long[what.getEnumConstants().length];
    }

    void add(E what, long amount) {
        int index = what.ordinal();
        LONGS.setOpaque(values, index, values[index] + amount);
    }

    long get(E what) {
        return (long) LONGS.getOpaque(values, what.ordinal());
    }
}
