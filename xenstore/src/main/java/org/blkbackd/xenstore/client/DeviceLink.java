// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.xenstore.client;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.blkbackd.xenstore.XenstoreException;
import org.blkbackd.xenstore.wire.Message;
import org.blkbackd.xenstore.wire.MessageEncoder;
import org.blkbackd.xenstore.wire.MessageType;

/**
 * An open device. One request is under way at a time, the others wait here: the kernel's xenbus_file_write takes one
 * message a call and leaves it in the open file's buffer (xenbus_dev_frontend.c, {@code xenbus_file_priv.u}) until its
 * own thread sends it, and only the answer tells that it did. libxenstore does the same.
 */
final class DeviceLink implements Link {

    /** Waiting bytes beyond which the link refuses to send: a xenstored that hangs must not cost us memory. */
    private static final int MOST_WAITING_BYTES = 1 << 20;

    private final DeviceTransport.Device device;
    private final Inbound inbound;
    private final Deque<Message> waiting = new ArrayDeque<>();
    private int waitingBytes;
    private boolean underWay;

    DeviceLink(DeviceTransport.Device device, Inbound inbound) {
        this.device = device;
        this.inbound = inbound;
    }

    @Override
    public synchronized void send(List<Message> messages) throws IOException {
        if (waitingBytes > MOST_WAITING_BYTES) {
            throw new IOException("xenstored does not answer");
        }
        messages.forEach(message -> {
            waiting.add(message);
            waitingBytes += message.length();
        });
        writeNext();
    }

    /** Hands a message on, on the reading thread; an answer lets the next request out. */
    void received(Message message) {
        inbound.received(message);
        if (message.type() != MessageType.WATCH_EVENT) {
            answered();
        }
    }

    private synchronized void answered() {
        underWay = false;
        writeNext();
    }

    private void writeNext() {
        while (!underWay && !waiting.isEmpty()) {
            Message message = waiting.remove();
            waitingBytes -= message.length();
            try {
                underWay = true;
                device.write(MessageEncoder.bytes(message));
            } catch (IOException | XenstoreException e) {
                // Not taken, so there is no answer: the next may go.
                underWay = false;
                inbound.refused(message, e);
            }
        }
    }

    @Override
    public int mostBytes() {
        return device.mostBytes();
    }

    @Override
    public void close() {
        device.close();
    }
}
