// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.xenstore.client;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import org.blkbackd.xenstore.XenstoreException;

/**
 * /dev/xen/xenbus. Every open of it is a connection of its own, so one open file serves both directions: the channel
 * reads, because closing a channel wakes its blocked reader; the file writes, because a channel's write would wait for
 * its blocked read.
 */
final class CharacterDevice implements DeviceTransport.Device {

    /** The kernel's buffer (xenbus_dev_frontend.c, {@code xenbus_file_priv}), header included. */
    private static final int MOST_BYTES = 4096;

    private final RandomAccessFile file;
    private final FileChannel channel;

    CharacterDevice(Path path) throws IOException {
        file = new RandomAccessFile(path.toFile(), "rw");
        channel = file.getChannel();
    }

    @Override
    public int read(ByteBuffer into) throws IOException {
        return channel.read(into);
    }

    @Override
    public void write(byte[] bytes) throws IOException {
        if (bytes.length > MOST_BYTES) {
            throw new XenstoreException("send " + bytes.length + " bytes with the header: the kernel's xenbus device"
                    + " takes " + MOST_BYTES, "E2BIG");
        }
        file.write(bytes);
    }

    @Override
    public int mostBytes() {
        return MOST_BYTES;
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
