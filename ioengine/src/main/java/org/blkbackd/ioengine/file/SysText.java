// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.file;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Small text files of /proc, /sys and /run. */
final class SysText {

    private SysText() {
    }

    /** Without white space around it; null when there is no such file or nothing in it. */
    static String read(Path file) {
        try {
            String text = new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1).strip();
            return text.isEmpty() ? null : text;
        } catch (IOException e) {
            return null;
        }
    }
}
