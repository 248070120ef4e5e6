// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.file;

import java.nio.file.Path;

/** What udev remembers of a block device: lines such as {@code E:ID_FS_UUID=...} in {@code /run/udev/data/bM:m}. */
final class UdevRecord {

    private UdevRecord() {
    }

    /** Null when udev does not know. */
    static String property(Path root, String deviceNumber, String name) {
        String text = SysText.read(root.resolve("run/udev/data").resolve("b" + deviceNumber));
        String prefix = "E:" + name + "=";
        return text == null ? null : text.lines().filter(line -> line.startsWith(prefix))
            .map(line -> line.substring(prefix.length())).filter(value -> !value.isEmpty()).findFirst().orElse(null);
    }
}
