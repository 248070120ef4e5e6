// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.xenstore.client;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import org.blkbackd.xenstore.sim.SimXenstored;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

/** The contract over the device transport: a device that hands the bytes to the simulated xenstored. */
class DeviceContractTest extends XenstoreContract {

    /** Reads a few bytes at a time, as the kernel's queue of replies does. */
    private record SocketDevice(SocketChannel channel) implements DeviceTransport.Device {

        @Override
        public int read(ByteBuffer into) throws IOException {
            try {
                return channel.read(into.limit(7));
            } catch (ClosedChannelException e) {
                return -1;
            }
        }

        @Override
        public void write(byte[] bytes) throws IOException {
            for (ByteBuffer left = ByteBuffer.wrap(bytes); left.hasRemaining();) {
                channel.write(left);
            }
        }

        @Override
        public void close() {
            try {
                channel.close();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    private SimXenstored sim;

    static DeviceTransport transport(Path socket) {
        return new DeviceTransport(socket.toString(),
                () -> new SocketDevice(SocketChannel.open(UnixDomainSocketAddress.of(socket))));
    }

    @BeforeAll
    void start(@TempDir Path directory) {
        sim = SimXenstored.start(directory);
    }

    @AfterAll
    void stop() {
        sim.close();
    }

    @Override
    public Path socket() {
        return sim.socket();
    }

    @Override
    Transport transport() {
        return transport(sim.socket());
    }

    @Override
    Transport guestTransport(int domid) {
        return transport(sim.socket(domid));
    }

    @Override
    void create(int domid) {
        sim.create(domid);
    }

    @Override
    public void introduce(int domid) {
        sim.introduce(domid);
    }

    @Override
    public void destroy(int domid) {
        sim.release(domid);
    }
}
