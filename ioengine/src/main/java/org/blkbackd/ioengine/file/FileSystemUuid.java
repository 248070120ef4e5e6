// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.file;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.UUID;

/** struct fsuuid2 of FS_IOC_GETFSUUID: a byte with the length, and the bytes of the UUID in the order of its text. */
final class FileSystemUuid {

    private FileSystemUuid() {
    }

    /** As udev writes it; null where the file system has none or one of its own kind. */
    static String text(ByteBuffer answer) {
        if (answer.get(0) != 16) {
            return null;
        }
        ByteBuffer bytes = answer.duplicate().order(ByteOrder.BIG_ENDIAN);
        UUID uuid = new UUID(bytes.getLong(1), bytes.getLong(9));
        return uuid.getMostSignificantBits() == 0 && uuid.getLeastSignificantBits() == 0 ? null : uuid.toString();
    }
}
