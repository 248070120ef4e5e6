// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.xenstore.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.EOFException;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.blkbackd.xenstore.XenstoreException;
import org.blkbackd.xenstore.wire.Message;
import org.blkbackd.xenstore.wire.MessageEncoder;
import org.blkbackd.xenstore.wire.MessageType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A server that sends nonsense: the client fails the call, never itself. */
@Timeout(60)
class HostileServerTest {

    /** What the server does with a request. */
    @FunctionalInterface
    private interface Answer {
        void to(Message request, SocketChannel client) throws IOException;
    }

    private static final ClientOptions OPTIONS = ClientOptions.defaults().withReconnectWait(Duration.ofSeconds(20))
            .withCallTimeout(Duration.ofSeconds(20));

    @TempDir
    private Path directory;
    private Path socket;
    private ServerSocketChannel listening;
    private final AtomicInteger connections = new AtomicInteger();
    private volatile Answer answer = HostileServerTest::properly;

    @BeforeEach
    void listen() throws IOException {
        socket = directory.resolve("socket");
        listening = ServerSocketChannel.open(StandardProtocolFamily.UNIX).bind(UnixDomainSocketAddress.of(socket));
        Thread acceptor = new Thread(() -> {
            try {
                while (true) {
                    SocketChannel client = listening.accept();
                    connections.incrementAndGet();
                    Thread server = new Thread(() -> serve(client), "hostile");
                    server.setDaemon(true);
                    server.start();
                }
            } catch (IOException e) {
                // Closed at the end of the test.
            }
        }, "hostile-accept");
        acceptor.start();
    }

    @AfterEach
    void close() throws IOException {
        listening.close();
    }

    private void serve(SocketChannel client) {
        try (client) {
            while (true) {
                ByteBuffer header = read(client, Message.HEADER_BYTES);
                Message request = new Message(MessageType.of(header.getInt()), header.getInt(), header.getInt(),
                        read(client, header.getInt()).array());
                answer.to(request, client);
            }
        } catch (IOException e) {
            // The client is gone.
        }
    }

    private static ByteBuffer read(SocketChannel client, int length) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
        while (bytes.hasRemaining()) {
            if (client.read(bytes) < 0) {
                throw new EOFException();
            }
        }
        return bytes.flip();
    }

    private static void send(SocketChannel client, Message message) throws IOException {
        client.write(ByteBuffer.wrap(MessageEncoder.bytes(message)));
    }

    private static void properly(Message request, SocketChannel client) throws IOException {
        send(client, Message.of(request.type(), request.reqId(), request.txId(), "OK"));
    }

    private static void badLength(SocketChannel client) throws IOException {
        client.write(ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN).putInt(2).putInt(1).putInt(0)
                .putInt(1 << 20).flip());
    }

    private static XenstoreException failure(XenstoreClient client) {
        return assertThrows(XenstoreException.class, () -> client.read("/a"));
    }

    @Test
    void aBadLengthLosesTheConnectionAndSaysWhy() {
        try (XenstoreClient client = XenstoreClient.connect(socket, OPTIONS)) {
            answer = (request, to) -> badLength(to);
            XenstoreException e = failure(client);
            assertTrue(e.isConnectionLost());
            assertTrue(e.getMessage().contains("1048576 bytes: the protocol allows 4096"), e.getMessage());
            answer = HostileServerTest::properly;
            assertEquals("OK\0", client.read("/a"));
            assertEquals(2, connections.get());
        }
    }

    @Test
    void overADeviceABadLengthLosesTheConnectionToo() {
        try (XenstoreClient client = XenstoreClient.connect(DeviceContractTest.transport(socket), OPTIONS)) {
            answer = (request, to) -> badLength(to);
            assertTrue(failure(client).getMessage().contains("the protocol allows 4096"));
            answer = HostileServerTest::properly;
            assertEquals("OK\0", client.read("/a"));
        }
    }

    @Test
    void aReplyOfAnotherOrUnknownTypeFailsTheCallAlone() {
        try (XenstoreClient client = XenstoreClient.connect(socket, OPTIONS)) {
            answer = (request, to) -> send(to, Message.of(MessageType.INVALID, request.reqId(), 0, "x"));
            assertEquals("EIO", failure(client).error());
            answer = (request, to) -> send(to, Message.of(MessageType.DIRECTORY, request.reqId(), 0, "x"));
            assertEquals("EIO", failure(client).error());
            answer = HostileServerTest::properly;
            assertEquals("OK\0", client.read("/a"));
            assertEquals(1, connections.get());
        }
    }

    @Test
    void whatNobodyAskedForIsIgnored() {
        try (XenstoreClient client = XenstoreClient.connect(socket, OPTIONS)) {
            answer = (request, to) -> {
                send(to, Message.of(MessageType.READ, 0x7fffffff, 0, "nobody asked"));
                send(to, Message.of(MessageType.TRANSACTION_START, 0x7ffffffe, 0, "no number"));
                send(to, Message.of(MessageType.WATCH_EVENT, 0, 0, "/a", "no such token"));
                send(to, Message.of(MessageType.WATCH_EVENT, 0, 0, "/a"));
                send(to, new Message(MessageType.WATCH_EVENT, 0, 0, new byte[] {'/', 'a'}));
                send(to, new Message(MessageType.ERROR, 0, 0, new byte[0]));
                properly(request, to);
                properly(request, to);
            };
            assertEquals("OK\0", client.read("/a"));
            assertEquals("OK\0", client.read("/b"));
            assertEquals(1, connections.get());
        }
    }

    @Test
    void repliesThatMakeNoSenseAreErrors() {
        try (XenstoreClient client = XenstoreClient.connect(socket, OPTIONS)) {
            assertThrows(XenstoreException.class, () -> client.permissions("/a"));
            assertThrows(XenstoreException.class, () -> client.transact(ops -> 1));
            answer = (request, to) -> send(to, request.type() == MessageType.DIRECTORY
                    ? Message.of(MessageType.ERROR, request.reqId(), 0, "E2BIG")
                    : Message.of(request.type(), request.reqId(), 0, "1"));
            assertEquals("EIO", assertThrows(XenstoreException.class, () -> client.directory("/a")).error());
            answer = (request, to) -> send(to, request.type() == MessageType.DIRECTORY
                    ? Message.of(MessageType.ERROR, request.reqId(), 0, "E2BIG")
                    : Message.of(request.type(), request.reqId(), 0, "1", "again"));
            assertEquals("EIO", assertThrows(XenstoreException.class, () -> client.directory("/a")).error());
            answer = (request, to) -> send(to, new Message(MessageType.ERROR, request.reqId(), 0, new byte[0]));
            assertEquals("", failure(client).error());
            assertEquals(1, connections.get());
        }
    }

    @Test
    void aServerThatAnswersOnlyWholeBatchesIsEnough() {
        try (XenstoreClient client = XenstoreClient.connect(socket, OPTIONS)) {
            List<Message> held = new ArrayList<>();
            answer = (request, to) -> {
                held.add(request);
                for (int i = 0; held.size() == 90 && i < 90; i++) {
                    properly(held.get(i), to);
                }
            };
            List<String> paths = IntStream.range(0, 90).mapToObj(i -> "/node/" + i).toList();
            assertEquals(paths, List.copyOf(client.readAll(paths).keySet()));
        }
    }

    @Test
    void aServerThatStopsReadingEndsAHugeBatchInTime() throws InterruptedException {
        CountDownLatch end = new CountDownLatch(1);
        answer = (request, to) -> {
            try {
                end.await();
            } catch (InterruptedException e) {
                throw new EOFException();
            }
        };
        Map<String, String> nodes = new LinkedHashMap<>();
        IntStream.range(0, 10_000).forEach(i -> nodes.put("/node/" + i, "v".repeat(4000)));
        try (XenstoreClient client = XenstoreClient.connect(socket, OPTIONS.withCallTimeout(Duration.ofMillis(200)))) {
            for (int round = 0; round < 3; round++) {
                XenstoreException e = assertThrows(XenstoreException.class, () -> client.writeAll(nodes));
                assertEquals("write /node/0: no answer after 200 ms: DISCONNECTED", e.getMessage());
            }
        } finally {
            end.countDown();
        }
    }

    @Test
    void randomBytesLoseAtMostTheConnection() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        ClientOptions options = new ClientOptions(Duration.ofMillis(500), Duration.ofSeconds(5), Duration.ofSeconds(20),
                Duration.ofMillis(1), Duration.ofMillis(20), 50);
        try (XenstoreClient client = XenstoreClient.connect(socket, options)) {
            for (int round = 0; round < 20; round++) {
                byte[] garbage = new byte[random.nextInt(1, 200)];
                random.nextBytes(garbage);
                answer = (request, to) -> {
                    to.write(ByteBuffer.wrap(garbage));
                    to.close();
                };
                assertThrows(XenstoreException.class, () -> client.read("/a"), () -> "seed " + seed);
            }
            answer = HostileServerTest::properly;
            assertEquals("OK\0", client.read("/a"), () -> "seed " + seed);
        }
    }

    @Test
    void aServerThatDropsEveryConnectionIsNotStormed() throws InterruptedException {
        answer = (request, to) -> to.close();
        ClientOptions options = new ClientOptions(Duration.ofSeconds(5), Duration.ofSeconds(5), Duration.ZERO,
                Duration.ofMillis(100), Duration.ofSeconds(10), 50);
        try (XenstoreClient client = XenstoreClient.connect(socket, options)) {
            for (int i = 0; i < 100; i++) {
                assertThrows(XenstoreException.class, () -> client.read("/a"));
                Thread.sleep(5);
            }
            // At most one at once, then after 50, 100, 200 ... ms or more.
            assertTrue(connections.get() <= 12, connections.get() + " connections");
        }
    }
}
