// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.xenstore.client;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
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

    /**
     * Most bytes that one caller has under way. A huge batch must neither fill our memory while xenstored does not
     * read, nor leave other callers waiting behind all of it. This is hundreds of requests: more would save nothing.
     */
    static final int PART_BYTES = 32 << 10;

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
        return callAll(List.of(new Request(type, payload, what)), txId, timeout).get(0).reply();
    }

    /**
     * Sends all and waits for all, in parts that are sent at once. Error replies are among the answers; a lost link and
     * an answer that has not come {@code timeout} after the one before it are XenstoreExceptions.
     */
    List<Answer> callAll(List<Request> requests, int txId, Duration timeout) {
        requests.forEach(this::checkLength);
        List<Answer> answers = new ArrayList<>(requests.size());
        while (answers.size() < requests.size()) {
            List<Request> left = requests.subList(answers.size(), requests.size());
            answers.addAll(exchange(left.subList(0, part(left)), txId, timeout));
        }
        return answers;
    }

    /** Before anything is sent. */
    private void checkLength(Request request) {
        Link open = link.get();
        if (open != null && request.length() > open.mostBytes()) {
            throw new XenstoreException(request.what() + ": " + request.length() + " bytes with the header, the"
                    + " kernel's xenbus device takes " + open.mostBytes(), "E2BIG");
        }
    }

    /** How many of the requests are sent at once; at least one. */
    private static int part(List<Request> requests) {
        int count = 0;
        for (int bytes = 0; count < requests.size(); count++) {
            bytes += requests.get(count).length();
            if (bytes > PART_BYTES) {
                break;
            }
        }
        return Math.max(count, 1);
    }

    private List<Answer> exchange(List<Request> requests, int txId, Duration timeout) {
        int first = nextReqId.getAndAdd(requests.size());
        List<Message> messages = new ArrayList<>(requests.size());
        List<CompletableFuture<Message>> pending = new ArrayList<>(requests.size());
        try {
            for (Request request : requests) {
                int reqId = first + messages.size();
                messages.add(new Message(request.type(), reqId, txId, request.payload()));
                pending.add(new CompletableFuture<>());
                calls.put(reqId, pending.get(pending.size() - 1));
            }
            send(messages, requests.get(0).what());
            List<Answer> answers = new ArrayList<>(requests.size());
            for (Request request : requests) {
                answers.add(new Answer(request, await(pending.get(answers.size()), timeout, request.what())));
            }
            return answers;
        } finally {
            messages.forEach(message -> calls.remove(message.reqId()));
        }
    }

    private Message await(CompletableFuture<Message> answer, Duration timeout, String what) {
        try {
            return answer.get(timeout.toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            throw new XenstoreException(what + ": no answer after " + timeout.toMillis() + " ms",
                    XenstoreException.DISCONNECTED, e);
        } catch (ExecutionException e) {
            throw disconnected(what, e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new XenstoreException(what + ": interrupted", XenstoreException.DISCONNECTED, e);
        }
    }

    /** Sends a request whose answer nobody waits for. */
    void post(MessageType type, int txId, byte[] payload) {
        try {
            transmit(List.of(new Message(type, nextReqId.getAndIncrement(), txId, payload)));
        } catch (IOException e) {
            LOG.debug("{} not sent: {}", type, e.getMessage());
        }
    }

    private void send(List<Message> messages, String what) {
        if (isLost()) {
            throw disconnected(what, null);
        }
        try {
            transmit(messages);
        } catch (IOException e) {
            throw new XenstoreException(what + ": " + e.getMessage(), XenstoreException.DISCONNECTED, e);
        }
        // Lost after the call was noted and before it was sent: then lost() may have missed it.
        if (isLost()) {
            throw disconnected(what, null);
        }
    }

    private void transmit(List<Message> messages) throws IOException {
        Link open = link.get();
        if (open == null) {
            throw new IOException("not connected yet");
        }
        open.send(messages);
    }

    private XenstoreException disconnected(String what, Throwable cause) {
        String why = lostWhy == null && cause != null ? cause.getMessage() : lostWhy;
        return new XenstoreException(what + ": " + why, XenstoreException.DISCONNECTED, cause);
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
    public void refused(Message message, Exception why) {
        CompletableFuture<Message> call = calls.remove(message.reqId());
        if (call != null) {
            call.completeExceptionally(why);
        } else {
            LOG.debug("{} not sent: {}", message, why.getMessage());
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
