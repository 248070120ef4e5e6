// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.wire;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/** Reads a body that anybody may have written, field after field, and never past its end. */
public final class WireReader {

    private final ByteBuffer bytes;

    /** @param body from its first byte; not changed meanwhile */
    public WireReader(byte[] body) {
        bytes = ByteBuffer.wrap(body).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** One byte. */
    public int u8(String field) throws WireException {
        return Byte.toUnsignedInt(has(field, Byte.BYTES).get());
    }

    /** One byte, 0 or 1. */
    public boolean flag(String field) throws WireException {
        return number(field, u8(field), 0, 1) == 1;
    }

    /** Two bytes. */
    public int u16(String field) throws WireException {
        return Short.toUnsignedInt(has(field, Short.BYTES).getShort());
    }

    /** Four bytes. */
    public long u32(String field) throws WireException {
        return Integer.toUnsignedLong(has(field, Integer.BYTES).getInt());
    }

    /** Eight bytes; what is larger than {@code long} comes out negative. */
    public long u64(String field) throws WireException {
        return has(field, Long.BYTES).getLong();
    }

    /** A fixed number of bytes. */
    public byte[] raw(String field, int length) throws WireException {
        has(field, length);
        byte[] value = new byte[length];
        bytes.get(value);
        return value;
    }

    /** A u16 length, at most {@code max}, and bytes. */
    public byte[] bytes(String field, int max) throws WireException {
        return raw(field, length(field, max));
    }

    /** A u16 length, at most {@code maxBytes}, and UTF-8. */
    public String text(String field, int maxBytes) throws WireException {
        byte[] utf8 = bytes(field, maxBytes);
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(utf8)).toString();
        } catch (CharacterCodingException e) {
            throw new WireException(field + " is no UTF-8");
        }
    }

    /** A u16 count, at most {@code max}, and as many u32. */
    public int[] ints(String field, int max) throws WireException {
        int count = length(field, max);
        has(field, count * Integer.BYTES);
        int[] values = new int[count];
        for (int i = 0; i < count; i++) {
            values[i] = bytes.getInt();
        }
        return values;
    }

    /** Refuses bytes after the last field of a version that has no more. */
    public void end() throws WireException {
        if (bytes.hasRemaining()) {
            throw new WireException("has " + bytes.remaining() + " bytes too many");
        }
    }

    /** Refuses a number that is out of its range. */
    public static long number(String field, long value, long min, long max) throws WireException {
        if (value < min || value > max) {
            throw new WireException(field + " is " + value + ", must be " + min + " to " + max);
        }
        return value;
    }

    private int length(String field, int max) throws WireException {
        return (int) number("length of " + field, u16(field), 0, max);
    }

    private ByteBuffer has(String field, int more) throws WireException {
        if (bytes.remaining() < more) {
            throw new WireException("ends in " + field);
        }
        return bytes;
    }
}
