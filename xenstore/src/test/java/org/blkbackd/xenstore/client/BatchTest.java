// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.xenstore.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.blkbackd.xenstore.XenstoreException;
import org.blkbackd.xenstore.wire.Message;
import org.blkbackd.xenstore.wire.MessageEncoder;
import org.blkbackd.xenstore.wire.MessageType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** How batches go out, seen from the other end, which answers when the test says so. */
@Timeout(60)
class BatchTest {

    private static final ClientOptions OPTIONS = ClientOptions.defaults().withCallTimeout(Duration.ofSeconds(20));

    /** The other end: what each send held, and no answer of its own. */
    private static final class Silent implements Transport, Link {

        private final BlockingQueue<List<Message>> sends = new LinkedBlockingQueue<>();
        private volatile Inbound client;

        @Override
        public Link open(Inbound inbound) {
            client = inbound;
            return this;
        }

        @Override
        public void send(List<Message> messages) {
            sends.add(List.copyOf(messages));
        }

        List<Message> next() throws InterruptedException {
            List<Message> send = sends.poll(20, TimeUnit.SECONDS);
            assertTrue(send != null, "nothing was sent for 20 s");
            return send;
        }

        void answer(Message request, String text) {
            client.received(new Message(request.type(), request.reqId(), request.txId(), text.getBytes()));
        }

        @Override
        public boolean onIoThread() {
            return false;
        }

        @Override
        public void close() {
            client.lost("closed", null);
        }
    }

    private static List<String> paths(int count) {
        return IntStream.range(0, count).mapToObj(i -> "/node/" + i).toList();
    }

    @Test
    void allRequestsAreSentAtOnceBeforeAnyAnswer() throws Exception {
        Silent xenstored = new Silent();
        try (XenstoreClient client = XenstoreClient.connect(xenstored, OPTIONS)) {
            List<String> paths = paths(90);
            CompletableFuture<Map<String, String>> read = CompletableFuture.supplyAsync(() -> client.readAll(paths));
            List<Message> requests = xenstored.next();
            assertEquals(paths, requests.stream().map(Message::text).toList());
            // In any order: it is the number that counts.
            for (int i = requests.size() - 1; i >= 0; i--) {
                xenstored.answer(requests.get(i), requests.get(i).text() + "=");
            }
            Map<String, String> expected = new LinkedHashMap<>();
            paths.forEach(path -> expected.put(path, path + "="));
            assertEquals(expected, read.get());
            assertTrue(xenstored.sends.isEmpty());
        }
    }

    @Test
    void writesInATransactionAreThreeRoundTrips() throws Exception {
        Silent xenstored = new Silent();
        try (XenstoreClient client = XenstoreClient.connect(xenstored, OPTIONS)) {
            Map<String, String> nodes = new LinkedHashMap<>();
            paths(50).forEach(path -> nodes.put(path, "1"));
            CompletableFuture<Void> written = CompletableFuture.runAsync(() -> client.transact(ops -> {
                ops.writeAll(nodes);
                return null;
            }));
            xenstored.answer(xenstored.next().get(0), "7\0");
            List<Message> writes = xenstored.next();
            assertEquals(50, writes.size());
            for (Message write : writes) {
                assertEquals(MessageType.WRITE, write.type());
                assertEquals(7, write.txId());
                xenstored.answer(write, "OK\0");
            }
            Message end = xenstored.next().get(0);
            assertEquals(MessageType.TRANSACTION_END, end.type());
            xenstored.answer(end, "OK\0");
            written.get();
            assertTrue(xenstored.sends.isEmpty());
        }
    }

    @Test
    void theErrorIsThrownOnlyAfterAllAnswers() throws Exception {
        Silent xenstored = new Silent();
        try (XenstoreClient client = XenstoreClient.connect(xenstored, OPTIONS)) {
            CompletableFuture<XenstoreException> thrown = CompletableFuture.supplyAsync(
                    () -> assertThrows(XenstoreException.class, () -> client.readAll(paths(3))));
            List<Message> requests = xenstored.next();
            xenstored.client.received(Message.of(MessageType.ERROR, requests.get(0).reqId(), 0, "EACCES"));
            xenstored.client.received(Message.of(MessageType.ERROR, requests.get(1).reqId(), 0, "EIO"));
            Thread.sleep(50);
            assertTrue(!thrown.isDone());
            xenstored.answer(requests.get(2), "");
            assertEquals("read /node/0: EACCES", thrown.get().getMessage());
        }
    }

    @Test
    void aLostConnectionFailsTheWholeBatch() throws Exception {
        Silent xenstored = new Silent();
        try (XenstoreClient client = XenstoreClient.connect(xenstored, OPTIONS)) {
            CompletableFuture<XenstoreException> thrown = CompletableFuture.supplyAsync(
                    () -> assertThrows(XenstoreException.class, () -> client.readAll(paths(90))));
            List<Message> requests = xenstored.next();
            requests.subList(0, 40).forEach(request -> xenstored.answer(request, "1"));
            xenstored.client.lost("xenstored closed the connection", null);
            assertTrue(thrown.get().isConnectionLost());
            assertTrue(thrown.get().getMessage().endsWith(": xenstored closed the connection: DISCONNECTED"));
        }
    }

    @Test
    void aHugeBatchGoesOutInBoundedParts() throws Exception {
        Silent xenstored = new Silent();
        try (XenstoreClient client = XenstoreClient.connect(xenstored, OPTIONS)) {
            Map<String, String> nodes = new LinkedHashMap<>();
            paths(100).forEach(path -> nodes.put(path, "v".repeat(4000)));
            CompletableFuture<Void> written = CompletableFuture.runAsync(() -> client.writeAll(nodes));
            List<String> seen = new ArrayList<>();
            while (seen.size() < nodes.size()) {
                List<Message> part = xenstored.next();
                assertTrue(part.stream().mapToInt(Message::length).sum() <= Connection.PART_BYTES);
                assertEquals(Math.min(8, nodes.size() - seen.size()), part.size());
                // The next part waits for the last answer of this one.
                assertTrue(xenstored.sends.isEmpty());
                part.forEach(write -> {
                    seen.add(write.text());
                    xenstored.answer(write, "OK\0");
                });
            }
            written.get();
            assertEquals(List.copyOf(nodes.keySet()), seen);
        }
    }

    /** A device that keeps what was written and gives back what the test answers. */
    private static final class SilentDevice implements DeviceTransport.Device {

        private static final byte[] END = {};

        private final BlockingQueue<byte[]> written = new LinkedBlockingQueue<>();
        private final BlockingQueue<byte[]> answers = new LinkedBlockingQueue<>();
        private volatile String refuses = "";

        @Override
        public int read(ByteBuffer into) throws IOException {
            try {
                byte[] answer = answers.take();
                into.put(answer);
                return answer == END ? -1 : answer.length;
            } catch (InterruptedException e) {
                throw new IOException(e);
            }
        }

        @Override
        public void write(byte[] bytes) throws IOException {
            if (!refuses.isEmpty() && new String(bytes).contains(refuses)) {
                throw new IOException("Invalid argument");
            }
            written.add(bytes);
        }

        /** Answers a read with its own path. */
        String answerNext() throws InterruptedException {
            byte[] request = written.poll(20, TimeUnit.SECONDS);
            assertTrue(request != null, "nothing was written for 20 s");
            int reqId = ByteBuffer.wrap(request).order(ByteOrder.LITTLE_ENDIAN).getInt(4);
            String path = new String(request, Message.HEADER_BYTES, request.length - Message.HEADER_BYTES - 1);
            assertTrue(written.isEmpty(), "a second request before the answer");
            answers.add(MessageEncoder.bytes(new Message(MessageType.WATCH_EVENT, 0, 0, new byte[0])));
            answers.add(MessageEncoder.bytes(new Message(MessageType.READ, reqId, 0, path.getBytes())));
            return path;
        }

        @Override
        public void close() {
            answers.add(END);
        }
    }

    @Test
    void overADeviceEachRequestWaitsForTheAnswerBefore() throws Exception {
        SilentDevice device = new SilentDevice();
        try (XenstoreClient client = XenstoreClient.connect(new DeviceTransport("device", () -> device), OPTIONS)) {
            CompletableFuture<Map<String, String>> read = CompletableFuture.supplyAsync(
                    () -> client.readAll(paths(90)));
            CompletableFuture<String> alone = CompletableFuture.supplyAsync(() -> client.read("/alone"));
            List<String> seen = new ArrayList<>();
            for (int i = 0; i < 91; i++) {
                seen.add(device.answerNext());
            }
            assertEquals("/alone", alone.get());
            assertEquals(paths(90), List.copyOf(read.get().keySet()));
            seen.remove("/alone");
            assertEquals(paths(90), seen);
        }
    }

    @Test
    void aRequestTheDeviceDoesNotTakeFailsAndTheOthersGoOn() throws Exception {
        SilentDevice device = new SilentDevice();
        try (XenstoreClient client = XenstoreClient.connect(new DeviceTransport("device", () -> device), OPTIONS)) {
            device.refuses = "/node/1";
            XenstoreException e = assertThrows(XenstoreException.class, () -> client.read("/node/1"));
            assertEquals("read /node/1: Invalid argument: DISCONNECTED", e.getMessage());
            assertTrue(e.isConnectionLost());
            CompletableFuture<XenstoreException> thrown = CompletableFuture.supplyAsync(
                    () -> assertThrows(XenstoreException.class, () -> client.readAll(paths(3))));
            assertEquals("/node/0", device.answerNext());
            assertEquals("/node/2", device.answerNext());
            assertEquals("read /node/1: Invalid argument: DISCONNECTED", thrown.get().getMessage());
            CompletableFuture<String> after = CompletableFuture.supplyAsync(() -> client.read("/after"));
            device.answerNext();
            assertEquals("/after", after.get());
        }
    }
}
