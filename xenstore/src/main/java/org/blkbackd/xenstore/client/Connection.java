// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.xenstore.client;

import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.blkbackd.xenstore.XenstoreException;
import org.blkbackd.xenstore.wire.Message;
import org.blkbackd.xenstore.wire.MessageType;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One link's life: matches replies to calls by req_id. When the link is lost every call in flight fails. */
final class Connection implements Link.Inbound {

    private static final Logger LOG = LoggerFactory.getLogger(Connection.class);

    private final Consumer<Message> events;
    private final Runnable onLost;
    private final Map<Integer, CompletableFuture<Message>> calls = new ConcurrentHashMap<>();
    private final AtomicInteger nextReqId = new AtomicInteger(1);
    private final AtomicReference<Link> link = new AtomicReference<>();
    private volatile String lostWhy;

    /** {@code events} and {@code onLost} are called by the transport's thread, {@code onLost} once. */
    Connection(Consumer<Message> events, Runnable onLost) {
        this.events = events;
        this.onLost = onLost;
    }

    void open(Transport transport) throws IOException {
        link.set(transport.open(this));
    }

    boolean isLost() {
        return lostWhy != null;
    }

    /** Sends and waits. An error reply, a lost link and no answer in time are XenstoreExceptions. */
    Message call(MessageType type, int txId, byte[] payload, Duration timeout, String what) {
        int reqId = nextReqId.getAndIncrement();
        CompletableFuture<Message> answer = new CompletableFuture<>();
        calls.put(reqId, answer);
        try {
            send(new Message(type, reqId, txId, payload), what);
            return check(answer.get(timeout.toNanos(), TimeUnit.NANOSECONDS), type, what);
        } catch (TimeoutException e) {
            throw new XenstoreException(what + ": no answer after " + timeout.toMillis() + " ms",
                    XenstoreException.DISCONNECTED, e);
        } catch (ExecutionException e) {
            throw disconnected(what, e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new XenstoreException(what + ": interrupted", XenstoreException.DISCONNECTED, e);
        } finally {
            calls.remove(reqId);
        }
    }

    /** Sends a request whose answer nobody waits for. */
    void post(MessageType type, int txId, byte[] payload) {
        try {
            transmit(new Message(type, nextReqId.getAndIncrement(), txId, payload));
        } catch (IOException e) {
            LOG.debug("{} not sent: {}", type, e.getMessage());
        }
    }

    private void send(Message message, String what) {
        if (isLost()) {
            throw disconnected(what, null);
        }
        try {
            transmit(message);
        } catch (IOException e) {
            throw new XenstoreException(what + ": " + e.getMessage(), XenstoreException.DISCONNECTED, e);
        }
        // Lost after the call was noted and before it was sent: then lost() may have missed it.
        if (isLost()) {
            throw disconnected(what, null);
        }
    }

    private void transmit(Message message) throws IOException {
        Link open = link.get();
        if (open == null) {
            throw new IOException("not connected yet");
        }
        open.send(message);
    }

    private static Message check(Message reply, MessageType type, String what) {
        if (reply.type() == MessageType.ERROR) {
            throw new XenstoreException(what, reply.text());
        }
        if (reply.type() != type) {
            throw new XenstoreException(what + ": answered with " + reply.type(), "EIO");
        }
        return reply;
    }

    private XenstoreException disconnected(String what, Throwable cause) {
        return new XenstoreException(what + ": " + lostWhy, XenstoreException.DISCONNECTED, cause);
    }

    @Override
    public void received(Message message) {
        if (message.type() == MessageType.WATCH_EVENT) {
            events.accept(message);
            return;
        }
        CompletableFuture<Message> call = calls.remove(message.reqId());
        if (call != null) {
            call.complete(message);
        } else if (message.type() == MessageType.TRANSACTION_START) {
            abandon(message);
        } else {
            LOG.debug("nobody waits for {}", message);
        }
    }

    /** The caller stopped waiting for its transaction before it was started: without this it would stay open. */
    private void abandon(Message started) {
        try {
            post(MessageType.TRANSACTION_END, Integer.parseUnsignedInt(started.text()), Message.terminated("F"));
        } catch (NumberFormatException e) {
            LOG.debug("transaction with no number: {}", started);
        }
    }

    @Override
    public void lost(String why, Throwable cause) {
        synchronized (this) {
            if (lostWhy != null) {
                return;
            }
            lostWhy = why == null ? "connection lost" : why;
        }
        IOException fault = new IOException(lostWhy, cause);
        calls.values().forEach(call -> call.completeExceptionally(fault));
        onLost.run();
    }

    void close(String why) {
        lost(why, null);
        Link open = link.get();
        if (open != null) {
            open.close();
        }
    }
}
