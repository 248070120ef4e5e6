// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.UnixDomainSocketAddress;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import org.blkbackd.blkback.control.DeviceStats;
import org.blkbackd.blkback.control.DeviceView;
import org.blkbackd.blkback.control.TestDevices;
import org.blkbackd.blkback.control.server.ServerLoop;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class MetricsServerTest {

    private static final DeviceView VIEW = TestDevices.view(3, 51712);

    @TempDir
    private Path dir;
    private final ServerLoop loop = new ServerLoop();
    private final TestDevices devices = new TestDevices().with(VIEW, 10);
    private MetricsServer server;

    @AfterEach
    void stop() {
        if (server != null) {
            server.close();
        }
        loop.close();
    }

    @Test
    void tellsWhatEachDiskHasDone() throws Exception {
        server = MetricsServer.onPort(0, devices, loop.group());
        HttpResponse<String> response = get("/metrics");
        assertEquals(200, response.statusCode());
        assertEquals(MetricsText.CONTENT_TYPE, response.headers().firstValue("content-type").orElse(""));
        String labels = "{device=\"vbd-3-51712\",domid=\"3\",kind=\"vbd\"";
        String rest = ",target=\"direct:/srv/vbd-3-51712.img\",vdev=\"xvda\"}";
        for (String line : List.of("blkbackd_requests_total" + labels + ",operation=\"read\"" + rest + " 10.0",
            "blkbackd_bytes_total" + labels + ",operation=\"read\"" + rest + " 40960.0",
            "blkbackd_errors_total" + labels + ",reason=\"io\"" + rest + " 0.0",
            "blkbackd_notifies_total" + labels + rest + " 5.0",
            "blkbackd_limited_total" + labels + rest + " 2.0", "blkbackd_in_flight" + labels + rest + " 1.0",
            "blkbackd_request_seconds_count" + labels + ",operation=\"read\"" + rest + " 10", "blkbackd_devices 1.0",
            "blkbackd_request_seconds_bucket" + labels + ",operation=\"read\""
                + rest.replace("}", ",le=\"1.0E-4\"} 9"))) {
            assertTrue(response.body().contains(line + "\n"), line + " is not in " + response.body());
        }
    }

    @Test
    void otherQuestionsAreTurnedDown() throws Exception {
        server = MetricsServer.onPort(0, devices, loop.group());
        assertEquals(404, get("/").statusCode());
        assertEquals(404, get("/metrics/../etc").statusCode());
        HttpRequest post = HttpRequest.newBuilder(uri("/metrics")).POST(HttpRequest.BodyPublishers.ofString("x"))
            .build();
        assertEquals(405, HttpClient.newHttpClient().send(post, HttpResponse.BodyHandlers.ofString()).statusCode());
    }

    @Test
    void onlyTheLoopbackAddressIsServedAndOnlyOnce() throws Exception {
        server = MetricsServer.onPort(0, devices, loop.group());
        assertTrue(server.address().getAddress().isLoopbackAddress(), server.address().toString());
        int port = server.address().getPort();
        assertThrows(IOException.class, () -> MetricsServer.onPort(port, devices, loop.group()));
    }

    @Test
    void servesAUnixSocketForItsOwner() throws Exception {
        Path socket = dir.resolve("metrics.sock");
        server = MetricsServer.onSocket(socket, devices, loop.group());
        assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(socket)));
        try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
            channel.write(ByteBuffer.wrap("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(StandardCharsets.UTF_8)));
            String all = new String(Channels.newInputStream(channel).readAllBytes(), StandardCharsets.UTF_8);
            assertTrue(all.startsWith("HTTP/1.1 200 OK\r\n") && all.contains("blkbackd_devices 1.0\n"), all);
        }
        server.close();
        assertFalse(Files.exists(socket));
    }

    @Test
    void whatAGuestWroteStaysInsideItsLabel() throws Exception {
        String hostile = "\"} 1\nblkbackd_devices 7\n\\\u001b\u2028" + "x".repeat(10_000);
        DeviceView view = TestDevices.view(3, 51712);
        DeviceStats stats = TestDevices.stats(new DeviceView(view.name(), 3, null, 51712, hostile, hostile, hostile,
            null, "w", 0, 0, "", "", 1, 1, 0, 0, null, null, null), 1);
        List<String> lines = new String(MetricsText.of(List.of(stats)), StandardCharsets.UTF_8).lines().toList();
        for (String line : lines) {
            assertTrue(line.matches("# .*|blkbackd_\\w+(\\{(\\w+=\"([^\"\\\\]|\\\\.)*\",?)+\\})? [-+0-9.eE]+"), line);
            assertTrue(line.length() < 1200, line);
        }
        assertEquals(1, lines.stream().filter(line -> line.startsWith("blkbackd_devices ")).count());
    }

    @Test
    void theNumberOfSeriesIsBounded() throws Exception {
        List<DeviceStats> many = new ArrayList<>();
        for (int domid = 0; domid < MetricsText.MOST_DEVICES + 5; domid++) {
            many.add(TestDevices.stats(TestDevices.view(domid, 51712), domid));
        }
        List<String> lines = new String(MetricsText.of(many), StandardCharsets.UTF_8).lines().toList();
        assertTrue(lines.size() < 100 * MetricsText.MOST_DEVICES, lines.size() + " lines");
        assertTrue(lines.contains("blkbackd_devices_omitted 5.0"));
    }

    @Test
    void aSlowOrSilentClientIsDroppedAndOthersAreServed() throws Exception {
        server = new MetricsServer(devices, loop.group(), 500);
        server.listen(0);
        List<Socket> slow = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.address().getPort());
            slow.add(socket);
            socket.getOutputStream().write("GET /metrics HTTP/1.1\r\nX: ".getBytes(StandardCharsets.UTF_8));
        }
        for (Socket socket : slow) {
            try (socket) {
                assertTrue(readsEnd(socket));
            }
        }
        assertEquals(200, get("/metrics").statusCode());
    }

    @Test
    void garbageIsAnsweredOrEndsTheConnection() throws Exception {
        server = MetricsServer.onPort(0, devices, loop.group());
        for (String garbage : List.of("\r\n\r\n", "x\r\n\r\n", "GET " + "y".repeat(20_000) + " HTTP/1.1\r\n\r\n",
            "GET /metrics HTTP/1.1\r\nA: " + "z".repeat(20_000) + "\r\n\r\n",
            "POST /metrics HTTP/1.1\r\nContent-Length: 999999999\r\n\r\n", "\u0000\u0001\r\n\r\n")) {
            try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.address().getPort())) {
                socket.getOutputStream().write(garbage.getBytes(StandardCharsets.UTF_8));
                socket.shutdownOutput();
                readsEnd(socket);
            }
        }
        assertEquals(200, get("/metrics").statusCode());
    }

    private static boolean readsEnd(Socket socket) {
        try {
            socket.getInputStream().readAllBytes();
        } catch (IOException e) {
            // Reset: the same end.
        }
        return true;
    }

    private URI uri(String path) {
        return URI.create("http://" + InetAddress.getLoopbackAddress().getHostAddress() + ":"
            + server.address().getPort() + path);
    }

    private HttpResponse<String> get(String path) throws Exception {
        return HttpClient.newHttpClient().send(HttpRequest.newBuilder(uri(path)).build(),
            HttpResponse.BodyHandlers.ofString());
    }
}
