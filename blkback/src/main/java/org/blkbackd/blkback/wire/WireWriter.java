// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.wire;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * Writes a body, field after field, little-endian. What does not fit is a fault of the caller's:
 * {@link IllegalArgumentException}.
 */
public final class WireWriter {

    private static final int U8_MAX = 0xff;
    private static final int U16_MAX = 0xffff;
    private static final long U32_MAX = 0xffffffffL;

    private ByteBuffer bytes = ByteBuffer.allocate(256).order(ByteOrder.LITTLE_ENDIAN);

    /** One byte. */
    public WireWriter u8(int value) {
        within(value, U8_MAX);
        room(Byte.BYTES).put((byte) value);
        return this;
    }

    /** One byte, 0 or 1. */
    public WireWriter flag(boolean value) {
        return u8(value ? 1 : 0);
    }

    /** Two bytes. */
    public WireWriter u16(int value) {
        within(value, U16_MAX);
        room(Short.BYTES).putShort((short) value);
        return this;
    }

    /** Four bytes. */
    public WireWriter u32(long value) {
        within(value, U32_MAX);
        room(Integer.BYTES).putInt((int) value);
        return this;
    }

    /** Eight bytes; the whole range of {@code long}, taken as unsigned. */
    public WireWriter u64(long value) {
        room(Long.BYTES).putLong(value);
        return this;
    }

    /** Bytes of a number that the reader knows. */
    public WireWriter raw(byte[] value) {
        room(value.length).put(value);
        return this;
    }

    /** A u16 length and bytes. */
    public WireWriter bytes(byte[] value) {
        return u16(value.length).raw(value);
    }

    /** A u16 length and UTF-8. */
    public WireWriter text(String value) {
        byte[] utf8 = value.getBytes(StandardCharsets.UTF_8);
        if (!new String(utf8, StandardCharsets.UTF_8).equals(value)) {
            throw new IllegalArgumentException("a text that is no Unicode");
        }
        return bytes(utf8);
    }

    /** A u16 count and as many u32. */
    public WireWriter ints(int[] values) {
        u16(values.length);
        for (int value : values) {
            room(Integer.BYTES).putInt(value);
        }
        return this;
    }

    /** Everything so far. */
    public byte[] body() {
        byte[] body = new byte[bytes.position()];
        bytes.get(0, body);
        return body;
    }

    private static void within(long value, long max) {
        if (value < 0 || value > max) {
            throw new IllegalArgumentException(value + " is not within 0.." + max);
        }
    }

    private ByteBuffer room(int more) {
        if (bytes.remaining() < more) {
            int size = Math.max(2 * bytes.capacity(), bytes.position() + more);
            bytes = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN).put(bytes.flip());
        }
        return bytes;
    }
}
