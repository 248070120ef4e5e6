// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.wire;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;

/** Bytes that a released version wrote, as the tests keep them: hexadecimal digits, sixteen bytes a line. */
public final class Golden {

    private Golden() {
    }

    /** The bytes of a file beside this class. */
    public static byte[] bytes(String file) throws IOException {
        try (InputStream in = Golden.class.getResourceAsStream(file)) {
            String text = new String(in.readAllBytes(), StandardCharsets.US_ASCII);
            return HexFormat.of().parseHex(text.replaceAll("\\s", ""));
        }
    }

    /** What a test shows to be refused, or read. */
    public interface Decoder<T> {
        /** Reads at the buffer's position. */
        T decode(ByteBuffer bytes) throws WireException;
    }
}
