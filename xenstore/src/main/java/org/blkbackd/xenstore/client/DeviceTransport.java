// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.xenstore.client;

import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.DecoderException;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.blkbackd.xenstore.wire.Message;
import org.blkbackd.xenstore.wire.MessageDecoder;

/** A byte device that can only be read by blocking, /dev/xen/xenbus: one reading thread a link. */
final class DeviceTransport implements Transport {

    /** An open device. One thread reads, one at a time writes; closing ends a blocked read. */
    interface Device {

        /** Blocks for at least one byte; -1 at the end. */
        int read(ByteBuffer into) throws IOException;

        /** Writes all of it, one message. */
        void write(byte[] bytes) throws IOException;

        /** Most bytes of one message. */
        default int mostBytes() {
            return Message.HEADER_BYTES + Message.PAYLOAD_MAX;
        }

        void close();
    }

    /** Opens the device once more. */
    @FunctionalInterface
    interface Opener {
        Device open() throws IOException;
    }

    private final String name;
    private final Opener opener;
    private volatile Thread reader;

    DeviceTransport(String name, Opener opener) {
        this.name = name;
        this.opener = opener;
    }

    @Override
    public Link open(Link.Inbound inbound) throws IOException {
        Device device = opener.open();
        joinReader();
        DeviceLink link = new DeviceLink(device, inbound);
        Thread thread = new Thread(() -> readAll(device, link, inbound), "xenstore-io");
        thread.setDaemon(true);
        reader = thread;
        thread.start();
        return link;
    }

    private static void readAll(Device device, DeviceLink link, Link.Inbound inbound) {
        EmbeddedChannel decoder = new EmbeddedChannel(new MessageDecoder());
        byte[] bytes = new byte[Message.HEADER_BYTES + Message.PAYLOAD_MAX];
        try {
            for (int n = device.read(ByteBuffer.wrap(bytes)); n >= 0; n = device.read(ByteBuffer.wrap(bytes))) {
                decoder.writeInbound(Unpooled.copiedBuffer(bytes, 0, n));
                for (Message m = decoder.readInbound(); m != null; m = decoder.readInbound()) {
                    link.received(m);
                }
            }
            inbound.lost("the device ended", null);
        } catch (IOException | DecoderException e) {
            inbound.lost(e.getMessage() == null ? e.toString() : e.getMessage(), e);
        } finally {
            device.close();
            decoder.finishAndReleaseAll();
        }
    }

    @Override
    public boolean onIoThread() {
        return Thread.currentThread() == reader;
    }

    @Override
    public void close() {
        joinReader();
    }

    /** The link before was closed, which ends its thread. */
    private void joinReader() {
        Thread thread = reader;
        if (thread != null) {
            Keeper.join(thread);
        }
    }

    @Override
    public String toString() {
        return name;
    }
}
