// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.xenstore.sim;

import io.netty.channel.Channel;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.blkbackd.xenstore.wire.Message;
import org.blkbackd.xenstore.wire.MessageType;

/** One client: its watches, its transactions, and what is still to be sent to it. Owned by the event loop. */
final class SimConnection {

    /** A watch. {@code relative}: the client named a relative path and is told relative paths. */
    record SimWatch(String path, String token, boolean relative) {
    }

    final List<SimWatch> watches = new ArrayList<>();
    final Map<Integer, Transaction> transactions = new HashMap<>();
    private final int domid;
    private final Channel channel;
    private final Deque<Message> unsent = new ArrayDeque<>();
    private int nextTxId = 1;

    SimConnection(int domid, Channel channel) {
        this.domid = domid;
        this.channel = channel;
    }

    int domid() {
        return domid;
    }

    int start(Transaction transaction) {
        while (nextTxId == 0 || transactions.containsKey(nextTxId)) {
            nextTxId++;
        }
        transactions.put(nextTxId, transaction);
        return nextTxId++;
    }

    /** Tells the client that a path changed. An identical event that still waits to be sent is not doubled. */
    void event(SimWatch watch, String changedPath) {
        String path = watch.relative() ? relative(changedPath) : changedPath;
        Message event = Message.of(MessageType.WATCH_EVENT, 0, 0, path, watch.token());
        if (event.payload().length > Message.PAYLOAD_MAX) {
            return;
        }
        if (!NodePath.isSpecial(path)) {
            for (Message other : unsent) {
                if (other.type() == MessageType.WATCH_EVENT && Arrays.equals(other.payload(), event.payload())) {
                    return;
                }
            }
        }
        send(event);
    }

    private String relative(String path) {
        String rest = path.substring(NodePath.home(domid).length());
        return rest.startsWith("/") ? rest.substring(1) : rest;
    }

    void reply(Message request, byte[] payload) {
        if (payload.length > Message.PAYLOAD_MAX) {
            error(request, "E2BIG");
        } else {
            send(new Message(request.type(), request.reqId(), request.txId(), payload));
        }
    }

    void error(Message request, String errno) {
        send(Message.of(MessageType.ERROR, request.reqId(), request.txId(), errno));
    }

    private void send(Message message) {
        unsent.add(message);
        flush();
    }

    /** Sends as long as the client reads; the rest waits. */
    void flush() {
        while (!unsent.isEmpty() && channel.isWritable()) {
            channel.write(unsent.remove());
        }
        channel.flush();
    }

    void close() {
        channel.close();
    }
}
