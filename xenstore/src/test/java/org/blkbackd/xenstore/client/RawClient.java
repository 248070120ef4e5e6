// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.xenstore.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.blkbackd.xenstore.wire.Message;
import org.blkbackd.xenstore.wire.MessageType;

/** Sends requests one at a time and shows exactly what came back: events and replies in their order. */
final class RawClient implements Link.Inbound, AutoCloseable {

    /** A reply and the events that came before it, each as "path token". */
    record Reply(Message message, List<String> events) {

        String text() {
            return message.text();
        }

        List<String> strings() {
            return message.strings();
        }
    }

    private final Transport transport;
    private final BlockingQueue<Message> received = new LinkedBlockingQueue<>();
    private final Link link;
    private int nextReqId = 100;

    private RawClient(Transport transport) throws IOException {
        this.transport = transport;
        this.link = transport.open(this);
    }

    static RawClient connect(Transport transport) {
        try {
            return new RawClient(transport);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Override
    public void received(Message message) {
        received.add(message);
    }

    @Override
    public void refused(Message message, Exception why) {
        received.add(Message.of(MessageType.INVALID, -1, -1, "refused: " + why));
    }

    @Override
    public void lost(String why, Throwable cause) {
        received.add(Message.of(MessageType.INVALID, -1, -1, "lost: " + why));
    }

    /** Sends and waits for the reply, whatever it is. */
    Reply ask(MessageType type, int txId, byte[] payload) {
        int reqId = nextReqId++;
        try {
            link.send(new Message(type, reqId, txId, payload));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        List<String> events = new ArrayList<>();
        for (Message message = next(); ; message = next()) {
            if (message.type() == MessageType.WATCH_EVENT) {
                assertEquals(0, message.reqId());
                assertEquals(0, message.txId());
                events.add(String.join(" ", message.strings()));
            } else {
                assertEquals(reqId, message.reqId(), message::toString);
                assertEquals(txId, message.txId(), message::toString);
                return new Reply(message, events);
            }
        }
    }

    Reply ask(MessageType type, int txId, String... strings) {
        return ask(type, txId, Message.terminated(strings));
    }

    /** The same outside transactions; the reply has to be of the request's type. */
    Reply ok(MessageType type, String... strings) {
        return okIn(0, type, strings);
    }

    Reply okIn(int txId, MessageType type, String... strings) {
        Reply reply = ask(type, txId, strings);
        assertEquals(type, reply.message().type(), () -> type + " " + List.of(strings) + ": " + reply.text());
        return reply;
    }

    /** xenstored's word for what is wrong, "OK" when nothing is. */
    String error(MessageType type, String... strings) {
        return errorIn(0, type, strings);
    }

    String errorIn(int txId, MessageType type, String... strings) {
        Reply reply = ask(type, txId, strings);
        return reply.message().type() == MessageType.ERROR ? reply.text() : "OK";
    }

    Reply write(int txId, String path, String value) {
        byte[] name = Message.terminated(path, value);
        Reply reply = ask(MessageType.WRITE, txId, Arrays.copyOf(name, name.length - 1));
        assertEquals(MessageType.WRITE, reply.message().type(), () -> "write " + path + ": " + reply.text());
        return reply;
    }

    String writeError(int txId, String path, String value) {
        byte[] name = Message.terminated(path, value);
        Reply reply = ask(MessageType.WRITE, txId, Arrays.copyOf(name, name.length - 1));
        return reply.message().type() == MessageType.ERROR ? reply.text() : "OK";
    }

    int begin() {
        return Integer.parseInt(ok(MessageType.TRANSACTION_START, "").text());
    }

    String commit(int txId) {
        return errorIn(txId, MessageType.TRANSACTION_END, "T");
    }

    /** Events that were sent to this client before now. */
    List<String> events() {
        return ask(MessageType.GET_DOMAIN_PATH, 0, "0").events();
    }

    /** The next message as it came. */
    Message next() {
        try {
            Message message = received.poll(20, TimeUnit.SECONDS);
            return message == null ? fail("nothing came for 20 s") : message;
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Override
    public void close() {
        link.close();
        transport.close();
    }
}
