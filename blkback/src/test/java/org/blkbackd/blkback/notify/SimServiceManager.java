// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.notify;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.jna.Native;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** Plays systemd: a datagram socket of a given name, and what arrives at it. */
public final class SimServiceManager implements AutoCloseable {

    private static final int AF_UNIX = 1;
    private static final int SOCK_DGRAM = 2;
    private static final int SOL_SOCKET = 1;
    private static final int SO_RCVTIMEO = 20;
    private static final int EAGAIN = 11;

    private final int fd = LibC.socket(AF_UNIX, SOCK_DGRAM, 0);

    /** @param name a path, or an abstract name with @ in front */
    public SimServiceManager(String name) {
        byte[] path = name.getBytes(StandardCharsets.UTF_8);
        ByteBuffer address = ByteBuffer.allocate(path.length + (name.startsWith("@") ? 2 : 3))
            .order(ByteOrder.nativeOrder());
        address.putShort((short) AF_UNIX).put(path);
        if (name.startsWith("@")) {
            address.put(2, (byte) 0);
        }
        assertEquals(0, LibCServer.bind(fd, address.array(), address.capacity()), () -> "bind: " + errno());
    }

    private static String errno() {
        return "errno " + Native.getLastError();
    }

    /** The next message; fails after 20 s without one. */
    public String next() {
        String message = next(20_000);
        assertTrue(message != null, "no message");
        return message;
    }

    /** The next message, or null when there is none for {@code timeoutMs}. */
    public String next(int timeoutMs) {
        ByteBuffer timeval = ByteBuffer.allocate(16).order(ByteOrder.nativeOrder());
        timeval.putLong(timeoutMs / 1000).putLong(timeoutMs % 1000 * 1000L);
        LibCServer.setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, timeval.array(), 16);
        byte[] buffer = new byte[4096];
        long bytes = LibCServer.recv(fd, buffer, buffer.length, 0);
        if (bytes < 0) {
            assertEquals(EAGAIN, Native.getLastError(), "recv");
            return null;
        }
        return new String(buffer, 0, (int) bytes, StandardCharsets.UTF_8);
    }

    @Override
    public void close() {
        LibC.close(fd);
    }
}
