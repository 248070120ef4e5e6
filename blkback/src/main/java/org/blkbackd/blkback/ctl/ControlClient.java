// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.ctl;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.blkbackd.blkback.control.ControlCodec;
import org.blkbackd.blkback.control.ControlError;
import org.blkbackd.blkback.control.ControlException;
import org.blkbackd.blkback.control.ControlReply;
import org.blkbackd.blkback.control.ControlRequest;

/**
 * One question, one answer, over a connection of its own: the daemon may have been started anew since the last. Every
 * failure is one line for an administrator.
 */
final class ControlClient {

    /** Longer than the daemon takes for anything. */
    private static final long PATIENCE_S = 45;
    private static final int MOST_BYTES = 64 << 20;

    private final Path socket;
    private final long patienceMs;

    ControlClient(Path socket) {
        this(socket, TimeUnit.SECONDS.toMillis(PATIENCE_S));
    }

    ControlClient(Path socket, long patienceMs) {
        this.socket = socket;
        this.patienceMs = patienceMs;
    }

    /** What the daemon said, and what it means. */
    record Answer(String line, ControlReply reply) {
    }

    /** @throws ControlException when the daemon says no */
    Answer ask(ControlRequest request) throws IOException, ControlException {
        try (SocketChannel channel = connect()) {
            CompletableFuture.delayedExecutor(patienceMs, TimeUnit.MILLISECONDS).execute(() -> close(channel));
            String line = exchange(channel, ControlCodec.write(request) + "\n");
            ControlReply reply = parse(line);
            if (reply.error() != null) {
                throw new ControlException(ControlError.ofWord(reply.error()), reply.message());
            }
            return new Answer(line, reply);
        }
    }

    private SocketChannel connect() throws IOException {
        try {
            return SocketChannel.open(UnixDomainSocketAddress.of(socket));
        } catch (IOException e) {
            String why = String.valueOf(e.getMessage());
            if (why.contains("denied") || why.contains("not permitted")) {
                throw new IOException("only root may control the daemon (" + socket + ": " + why + ")", e);
            }
            throw new IOException("the daemon does not answer; is it running? (" + socket + ": " + why
                + "; see: systemctl status blkbackd)", e);
        }
    }

    private String exchange(SocketChannel channel, String request) throws IOException {
        try {
            write(channel, ByteBuffer.wrap(request.getBytes(StandardCharsets.UTF_8)));
            return line(channel);
        } catch (IOException e) {
            String why = channel.isOpen() ? e.getMessage() : "no answer after " + patienceMs + " ms";
            throw new IOException("the daemon does not answer (" + socket + ": " + why + ")", e);
        }
    }

    /** A daemon that turns us away says why, and may have closed before it read what we ask. */
    private static void write(SocketChannel channel, ByteBuffer request) throws IOException {
        try {
            while (request.hasRemaining()) {
                channel.write(request);
            }
        } catch (IOException e) {
            if (!channel.isOpen()) {
                throw e;
            }
        }
    }

    private static String line(SocketChannel channel) throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        ByteBuffer part = ByteBuffer.allocate(64 << 10);
        while (channel.read(part) >= 0) {
            int end = part.position();
            if (end > 0 && part.get(end - 1) == '\n') {
                line.write(part.array(), 0, end - 1);
                return line.toString(StandardCharsets.UTF_8);
            }
            line.write(part.array(), 0, end);
            part.clear();
            if (line.size() > MOST_BYTES) {
                throw new IOException("its answer has no end");
            }
        }
        throw new IOException("it closed the connection");
    }

    private ControlReply parse(String line) throws ControlException {
        try {
            ControlReply reply = ControlCodec.reply(line);
            if (reply.version() == ControlCodec.VERSION) {
                return reply;
            }
        } catch (ControlException e) {
            throw new ControlException(ControlError.BAD_REQUEST, socket + " does not speak our language: "
                + e.getMessage());
        }
        throw new ControlException(ControlError.VERSION, "the daemon speaks another version of the format; use the"
            + " blkbackctl of its package");
    }

    private static void close(SocketChannel channel) {
        try {
            channel.close();
        } catch (IOException e) {
            // It is given up either way.
        }
    }
}
