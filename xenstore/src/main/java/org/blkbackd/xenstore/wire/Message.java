// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.xenstore.wire;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * One request, reply or event.
 *
 * <pre>
 *   0      4        8       12     16
 *   | type | req_id | tx_id | len  | payload, len bytes, at most 4096
 * </pre>
 *
 * The four header fields are unsigned 32-bit little-endian ({@code struct xsd_sockmsg}).
 */
public record Message(MessageType type, int reqId, int txId, byte[] payload) {

    /** Bytes of the header. */
    public static final int HEADER_BYTES = 16;

    /** {@code XENSTORE_PAYLOAD_MAX}. */
    public static final int PAYLOAD_MAX = 4096;

    /** A message whose payload is these strings, each followed by NUL. */
    public static Message of(MessageType type, int reqId, int txId, String... strings) {
        return new Message(type, reqId, txId, terminated(strings));
    }

    /** The payload that holds these strings, each followed by NUL. */
    public static byte[] terminated(String... strings) {
        StringBuilder joined = new StringBuilder();
        for (String string : strings) {
            joined.append(string).append('\0');
        }
        return joined.toString().getBytes(StandardCharsets.UTF_8);
    }

    /** Bytes on the wire. */
    public int length() {
        return HEADER_BYTES + payload.length;
    }

    /** The payload up to its first NUL, or all of it. */
    public String text() {
        int end = 0;
        while (end < payload.length && payload[end] != 0) {
            end++;
        }
        return new String(payload, 0, end, StandardCharsets.UTF_8);
    }

    /** The NUL-terminated strings of the payload; what follows the last NUL is left out, as xenstored does. */
    public List<String> strings() {
        List<String> strings = new ArrayList<>();
        int start = 0;
        for (int i = 0; i < payload.length; i++) {
            if (payload[i] == 0) {
                strings.add(new String(payload, start, i - start, StandardCharsets.UTF_8));
                start = i + 1;
            }
        }
        return strings;
    }

    @Override
    public String toString() {
        return type + " req " + Integer.toUnsignedString(reqId) + " tx " + Integer.toUnsignedString(txId)
                + " (" + payload.length + " bytes)";
    }
}
