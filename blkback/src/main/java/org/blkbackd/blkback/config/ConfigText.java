// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.config;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** Reads a configuration file whole: a regular file of bounded size, in UTF-8. */
final class ConfigText {

    /** Far more than the settings need, and little enough to parse in no time. */
    static final int MOST_BYTES = 64 * 1024;

    private ConfigText() {
    }

    /** The text, or null after noting in {@code problems} why there is none. */
    static String read(Path file, Problems problems) {
        try {
            return decode(bytes(file), problems);
        } catch (NoSuchFileException e) {
            problems.add("there is no such file");
        } catch (AccessDeniedException e) {
            problems.add("permission denied");
        } catch (IOException e) {
            problems.add(Problems.shown(e.getMessage()));
        }
        return null;
    }

    private static byte[] bytes(Path file) throws IOException {
        if (Files.exists(file) && !Files.isRegularFile(file)) {
            throw new IOException("not a regular file");
        }
        try (InputStream in = Files.newInputStream(file)) {
            byte[] bytes = in.readNBytes(MOST_BYTES + 1);
            if (bytes.length > MOST_BYTES) {
                throw new IOException("longer than " + MOST_BYTES + " bytes");
            }
            return bytes;
        }
    }

    private static String decode(byte[] bytes, Problems problems) {
        CharBuffer text = CharBuffer.allocate(bytes.length);
        CoderResult result = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes), text, true);
        String decoded = text.flip().toString();
        if (result.isError()) {
            problems.add(1 + (int) decoded.chars().filter(c -> c == '\n').count(), "not in UTF-8");
            return null;
        }
        return decoded;
    }
}
