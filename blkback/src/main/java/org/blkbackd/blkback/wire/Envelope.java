// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.wire;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32C;

/**
 * The outside of everything that is stored or sent; its layout never changes:
 *
 * <pre>
 *   0  "BLKBACKD"
 *   8  u16  kind, see {@link Kind}
 *  10  u16  version of the body, from 1
 *  12  u32  n, bytes of the body
 *  16       body
 *  16+n u32 CRC32C over all before it
 * </pre>
 */
public final class Envelope {

    /** Bytes before the body. */
    public static final int HEADER_SIZE = 16;
    /** Bytes after the body. */
    public static final int TRAILER_SIZE = 4;
    /** Largest body, in bytes. */
    public static final int MAX_BODY = 64 << 10;

    private static final byte[] MAGIC = "BLKBACKD".getBytes(StandardCharsets.US_ASCII);
    private static final int MAX_VERSION = 0xffff;

    private Envelope() {
    }

    /**
     * A checked envelope.
     *
     * @param version of the body
     * @param body    a copy
     * @param length  of the whole envelope, in bytes
     */
    public record Opened(int version, byte[] body, int length) {

        /** Reads the body from its start. */
        public WireReader reader() {
            return new WireReader(body);
        }
    }

    /** Puts a body into an envelope. */
    public static byte[] seal(Kind kind, int version, byte[] body) {
        if (version < 1 || version > MAX_VERSION || body.length > MAX_BODY) {
            throw new IllegalArgumentException(kind + " version " + version + ", " + body.length + " bytes");
        }
        ByteBuffer bytes = ByteBuffer.allocate(HEADER_SIZE + body.length + TRAILER_SIZE)
            .order(ByteOrder.LITTLE_ENDIAN);
        bytes.put(MAGIC).putShort((short) kind.code()).putShort((short) version).putInt(body.length).put(body);
        bytes.putInt(checksum(bytes.array(), HEADER_SIZE + body.length));
        return bytes.array();
    }

    /**
     * Opens the envelope at the position of {@code bytes}, which stays where it is; what follows is not looked at.
     * Damage is found before anything the envelope says is believed.
     *
     * @param newestReadable newest version of this kind that the caller reads
     */
    public static Opened open(Kind expected, int newestReadable, ByteBuffer bytes) throws WireException {
        byte[] sealed = copy(bytes);
        ByteBuffer fields = ByteBuffer.wrap(sealed).order(ByteOrder.LITTLE_ENDIAN);
        int bodyEnd = sealed.length - TRAILER_SIZE;
        if (fields.getInt(bodyEnd) != checksum(sealed, bodyEnd)) {
            throw new WireException("damaged: the checksum does not match");
        }
        int kind = Short.toUnsignedInt(fields.getShort(MAGIC.length));
        if (kind != expected.code()) {
            throw new WireException("holds " + Kind.name(kind) + " where " + expected + " was expected");
        }
        int version = Short.toUnsignedInt(fields.getShort(MAGIC.length + 2));
        if (version < 1) {
            throw new WireException("has version " + version + ", which there is not");
        }
        if (version > newestReadable) {
            throw new WireException("version " + version + " is newer than " + newestReadable
                + ", which is the newest that this blkbackd reads: upgrade this one, or hand over with an older one");
        }
        byte[] body = new byte[bodyEnd - HEADER_SIZE];
        fields.get(HEADER_SIZE, body);
        return new Opened(version, body, sealed.length);
    }

    /**
     * How long an envelope is.
     *
     * @param header at least {@link #HEADER_SIZE} bytes from the position, which stays where it is
     * @return bytes of the whole envelope, never more than a body of {@link #MAX_BODY} calls for
     */
    public static int length(ByteBuffer header) throws WireException {
        int start = header.position();
        int there = header.remaining();
        for (int i = 0; i < MAGIC.length && i < there; i++) {
            if (header.get(start + i) != MAGIC[i]) {
                throw new WireException("not written by blkbackd");
            }
        }
        if (there < HEADER_SIZE) {
            throw new WireException("too short: " + there + " bytes, fewer than a header's " + HEADER_SIZE);
        }
        long body = 0;
        for (int i = 1; i <= Integer.BYTES; i++) {
            body = body << Byte.SIZE | Byte.toUnsignedLong(header.get(start + HEADER_SIZE - i));
        }
        if (body > MAX_BODY) {
            throw new WireException("says that it is " + body + " bytes long, more than " + MAX_BODY);
        }
        return HEADER_SIZE + (int) body + TRAILER_SIZE;
    }

    /** Copied once, so that a file that somebody changes meanwhile is judged and used as one and the same. */
    private static byte[] copy(ByteBuffer bytes) throws WireException {
        int length = length(bytes);
        if (bytes.remaining() < length) {
            throw new WireException("too short: " + bytes.remaining() + " bytes of " + length);
        }
        byte[] copy = new byte[length];
        bytes.get(bytes.position(), copy);
        if (length(ByteBuffer.wrap(copy)) != length) {
            throw new WireException("damaged: its length changes while it is read");
        }
        return copy;
    }

    private static int checksum(byte[] bytes, int length) {
        CRC32C crc = new CRC32C();
        crc.update(bytes, 0, length);
        return (int) crc.getValue();
    }
}
