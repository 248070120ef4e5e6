// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.xenstore.client;

import java.io.IOException;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * A domain's end of its xenstore ring page, {@code struct xenstore_domain_interface} of xs_wire.h:
 * req[1024], rsp[1024], then the indices req_cons, req_prod, rsp_cons, rsp_prod (u32 each, free running).
 */
final class RingDevice implements DeviceTransport.Device {

    /** Tells xenstored that the indices moved. */
    @FunctionalInterface
    interface Kick {
        void kick() throws IOException;
    }

    private static final int SIZE = 1024;
    private static final int REQ = 0;
    private static final int RSP = 1024;
    private static final int REQ_CONS = 2048;
    private static final int REQ_PROD = 2052;
    private static final int RSP_CONS = 2056;
    private static final int RSP_PROD = 2060;

    private final MappedByteBuffer page;
    private final Kick kick;
    private volatile boolean closed;

    RingDevice(Path file, Kick kick) throws IOException {
        this.kick = kick;
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            page = channel.map(FileChannel.MapMode.READ_WRITE, 0, 4096);
        }
        page.order(ByteOrder.LITTLE_ENDIAN);
    }

    @Override
    public int read(ByteBuffer into) throws IOException {
        int cons = page.getInt(RSP_CONS);
        while (index(RSP_PROD) == cons) {
            if (closed) {
                return -1;
            }
            pause();
        }
        int count = 0;
        for (int prod = index(RSP_PROD); cons != prod && into.hasRemaining(); cons++, count++) {
            into.put(page.get(RSP + (cons & SIZE - 1)));
        }
        VarHandle.fullFence();
        page.putInt(RSP_CONS, cons);
        kick.kick();
        return count;
    }

    @Override
    public void write(byte[] bytes) throws IOException {
        int prod = page.getInt(REQ_PROD);
        for (byte b : bytes) {
            while (prod - index(REQ_CONS) == SIZE && !closed) {
                publish(prod);
                pause();
            }
            page.put(REQ + (prod++ & SIZE - 1), b);
        }
        publish(prod);
    }

    private void publish(int prod) throws IOException {
        VarHandle.fullFence();
        page.putInt(REQ_PROD, prod);
        kick.kick();
    }

    private int index(int offset) {
        VarHandle.fullFence();
        int value = page.getInt(offset);
        VarHandle.fullFence();
        return value;
    }

    private static void pause() {
        try {
            Thread.sleep(1);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        closed = true;
    }
}
