// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.handover;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;

/** Two ends of a connection, and the patience of tests. */
record Pair(Link old, Link successor) implements AutoCloseable {

    /** Nobody waits for long where a test wants silence, and for long where it does not. */
    static final TakeoverLimits SHORT = new TakeoverLimits(Duration.ofSeconds(20), Duration.ofMillis(300),
        Duration.ofMillis(600), Duration.ofMillis(900), Duration.ofMillis(300), Duration.ofMillis(300));
    static final TakeoverLimits LONG = new TakeoverLimits(Duration.ofSeconds(20), Duration.ofSeconds(20),
        Duration.ofSeconds(20), Duration.ofSeconds(20), Duration.ofMillis(300), Duration.ofMillis(300));

    static Pair in(Path folder) throws IOException {
        UnixDomainSocketAddress address = UnixDomainSocketAddress.of(folder.resolve("s" + System.nanoTime()));
        try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            server.bind(address);
            SocketChannel one = SocketChannel.open(address);
            return new Pair(new Link(server.accept(), LONG.hello()), new Link(one, LONG.hello()));
        }
    }

    @Override
    public void close() {
        old.close();
        successor.close();
    }
}
