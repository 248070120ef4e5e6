// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.handover;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import org.blkbackd.blkback.wire.Envelope;
import org.blkbackd.blkback.wire.WireException;

/** Envelopes over a connected socket, one thread's at a time, and never for longer than the caller has patience. */
final class Link implements AutoCloseable {

    private final SocketChannel channel;
    private final Selector selector;
    private final SelectionKey key;
    private final Duration patience;
    private final ByteBuffer in =
        ByteBuffer.allocate(Envelope.HEADER_SIZE + Envelope.MAX_BODY + Envelope.TRAILER_SIZE);
    private int version = Message.VERSION;

    /** @param patience for the other side to read what is sent */
    Link(SocketChannel channel, Duration patience) throws IOException {
        this.channel = channel;
        this.patience = patience;
        selector = Selector.open();
        try {
            channel.configureBlocking(false);
            key = channel.register(selector, SelectionKey.OP_READ);
        } catch (IOException e) {
            selector.close();
            throw e;
        }
    }

    /** Says hello and hears it; the older of the two decides which messages follow. */
    Hello meet(Hello ours) throws LostException {
        write(ours.encode());
        try {
            Hello theirs = Hello.decode(envelope(patience));
            version = Hello.version(ours, theirs);
            return theirs;
        } catch (WireException e) {
            throw new LostException("its first words are " + e.getMessage(), e);
        }
    }

    void send(Message message) throws LostException {
        write(message.encode(version));
    }

    Message receive(Duration wait) throws LostException {
        try {
            return Message.decode(version, envelope(wait));
        } catch (WireException e) {
            throw new LostException("what it says is " + e.getMessage(), e);
        }
    }

    /** Waits for the other side to hang up; what it says meanwhile is not heard. False when it does not. */
    boolean awaitEnd(Duration wait) {
        long deadline = System.nanoTime() + wait.toNanos();
        try {
            do {
                in.clear();
                fill(1, deadline, wait);
            } while (true);
        } catch (IOException | IllegalStateException e) {
            return System.nanoTime() - deadline < 0;
        }
    }

    void write(byte[] bytes) throws LostException {
        long deadline = System.nanoTime() + patience.toNanos();
        ByteBuffer out = ByteBuffer.wrap(bytes);
        try {
            while (out.hasRemaining()) {
                if (channel.write(out) == 0) {
                    await(SelectionKey.OP_WRITE, deadline, patience);
                }
            }
        } catch (LostException e) {
            throw e;
        } catch (IOException | IllegalStateException e) {
            throw new LostException("the connection broke: " + e, e);
        }
    }

    /** The next envelope, for as long as nothing else is received. */
    private ByteBuffer envelope(Duration wait) throws LostException, WireException {
        long deadline = System.nanoTime() + wait.toNanos();
        in.clear();
        try {
            // Never beyond the envelope, so that nothing is left over.
            fill(Envelope.HEADER_SIZE, deadline, wait);
            fill(Envelope.length(in.duplicate().flip()), deadline, wait);
        } catch (LostException e) {
            throw e;
        } catch (IOException | IllegalStateException e) {
            throw new LostException("the connection broke: " + e, e);
        }
        return in.flip();
    }

    private void fill(int until, long deadline, Duration wait) throws IOException {
        in.limit(until);
        while (in.hasRemaining()) {
            int count = channel.read(in);
            if (count < 0) {
                throw new LostException("it hung up");
            }
            if (count == 0) {
                await(SelectionKey.OP_READ, deadline, wait);
            }
        }
    }

    private void await(int operation, long deadline, Duration wait) throws IOException {
        long left = deadline - System.nanoTime();
        key.interestOps(operation);
        if (left <= 0 || Thread.currentThread().isInterrupted()) {
            throw new LostException("it has not answered in " + wait.toMillis() + " ms");
        }
        selector.select(left / 1_000_000 + 1);
        selector.selectedKeys().clear();
    }

    @Override
    public void close() {
        try {
            channel.close();
            selector.close();
        } catch (IOException e) {
            // It is given up either way.
        }
    }
}
