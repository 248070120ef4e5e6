// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.control.server;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.blkbackd.blkback.control.ControlCodec;
import org.blkbackd.blkback.control.ControlException;
import org.blkbackd.blkback.control.ControlReply;

/** A client that writes what it likes. Reads block; tests have a time limit of their own. */
final class RawClient implements AutoCloseable {

    private final SocketChannel channel;
    private final InputStream in;

    RawClient(Path socket) throws IOException {
        channel = SocketChannel.open(UnixDomainSocketAddress.of(socket));
        in = new BufferedInputStream(Channels.newInputStream(channel));
    }

    RawClient send(String text) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
        return this;
    }

    /** The next line without its line feed, or null when the server has closed the connection. */
    String line() throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int one = read(); one >= 0; one = read()) {
            if (one == '\n') {
                return line.toString(StandardCharsets.UTF_8);
            }
            line.write(one);
        }
        return null;
    }

    private int read() {
        try {
            return in.read();
        } catch (IOException e) {
            // Reset: closed by a server that had not read all we sent.
            return -1;
        }
    }

    ControlReply reply() throws IOException, ControlException {
        return ControlCodec.reply(line());
    }

    ControlReply ask(Object request) throws IOException, ControlException {
        return send(ControlCodec.write(request) + "\n").reply();
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
