// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.control.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.blkbackd.blkback.control.ControlReply;
import org.blkbackd.blkback.control.ControlRequest;
import org.blkbackd.blkback.control.TestDevices;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class ControlServerTest {

    @TempDir
    private Path dir;
    private Path socket;
    private final ServerLoop loop = new ServerLoop();
    private final TestDevices devices = new TestDevices().with(TestDevices.view(3, 51712), 10)
        .with(TestDevices.view(4, 51728), 20);
    private ControlServer server;

    @BeforeEach
    void start() throws IOException {
        socket = dir.resolve("made/on the way/control.sock");
        server = ControlServer.start(socket, devices, devices, loop.group());
    }

    @AfterEach
    void stop() {
        server.close();
        loop.close();
    }

    @Test
    void listsShowsAndCounts() throws Exception {
        try (RawClient client = new RawClient(socket)) {
            assertEquals(List.of(TestDevices.view(3, 51712), TestDevices.view(4, 51728)),
                client.ask(ControlRequest.of("list")).devices());
            assertEquals(List.of(TestDevices.view(4, 51728)),
                client.ask(ControlRequest.ofDevice("show", "4/xvdb")).devices());
            assertEquals(2, client.ask(ControlRequest.of("stats")).stats().size());
            ControlReply one = client.ask(ControlRequest.ofDevice("stats", "3/51712"));
            assertEquals(List.of(TestDevices.stats(TestDevices.view(3, 51712), 10)), one.stats());
            assertNotNull(one.nanos());
        }
    }

    @Test
    void resizesAndSaysWhyNot() throws Exception {
        try (RawClient client = new RawClient(socket)) {
            assertEquals(1L << 30, client.ask(ControlRequest.resize("3/xvda", 1L << 30)).bytes());
            assertEquals(1L << 20, client.ask(ControlRequest.resize("3/xvda", null)).bytes());
            assertError("failed", "direct:/srv/vbd-3-51712.img has only 1048576 bytes",
                client.ask(ControlRequest.resize("3/xvda", 1L << 41)));
            for (long bytes : new long[] {0, -512, 511, Long.MIN_VALUE, Long.MAX_VALUE}) {
                assertError("bad-request", "the size must be a multiple of 512 bytes, and more than none",
                    client.ask(ControlRequest.resize("3/xvda", bytes)));
            }
        }
    }

    @Test
    void triesAgainWhatOneDeviceHoldsOrWhatAllDo() throws Exception {
        devices.with(TestDevices.holding(TestDevices.view(5, 51712), 2), 0)
            .with(TestDevices.holding(TestDevices.view(6, 51712), 40), 0);
        try (RawClient client = new RawClient(socket)) {
            assertEquals(List.of("iops=5"), client.ask(ControlRequest.limit("3/xvda", "iops=5")).lines());
            assertEquals(List.of("none"), client.ask(ControlRequest.limit("3/xvda", null)).lines());
            assertEquals(0, client.ask(ControlRequest.ofDevice("retry", "3/xvda")).retried());
            assertEquals(40, client.ask(ControlRequest.ofDevice("retry", "6/xvda")).retried());
            assertEquals(42, client.ask(ControlRequest.of("retry")).retried());
            assertError("no-such-device", "there is no device 3/xvdz; did you mean 3/xvda?",
                client.ask(ControlRequest.ofDevice("retry", "3/xvdz")));
        }
    }

    @Test
    void setsTheLogLevelAndTellsTheVersion() throws Exception {
        try (RawClient client = new RawClient(socket)) {
            assertEquals("info", client.ask(ControlRequest.logLevel(null)).level());
            assertEquals("debug", client.ask(ControlRequest.logLevel("debug")).level());
            assertEquals("debug", devices.logLevel());
            assertError("bad-request", "the level must be one of error, warn, info, debug, trace",
                client.ask(ControlRequest.logLevel("DEBUG")));
            assertEquals("1.2.3-test", client.ask(ControlRequest.of("version")).daemon());
        }
    }

    @Test
    void refusesWhatItDoesNotKnowAndStaysOpen() throws Exception {
        try (RawClient client = new RawClient(socket)) {
            assertError("bad-request", "the daemon knows no such command", client.ask(ControlRequest.of("dance")));
            assertError("bad-request", "no command", client.ask(ControlRequest.of(null)));
            assertError("bad-request", "show needs a device", client.ask(ControlRequest.of("show")));
            assertError("no-such-device", "there is no device 3/xvdz; did you mean 3/xvda?",
                client.ask(ControlRequest.ofDevice("show", "3/xvdz")));
            assertError("version",
                "the daemon speaks version 1 of the format, not 2; use the blkbackctl of its package",
                client.ask(new ControlRequest(2, "list", null, null, null, null, null)));
            assertEquals("1.2.3-test", client.ask(ControlRequest.of("version")).daemon());
        }
    }

    @Test
    void theSocketIsForItsOwnerAndGoesWithTheServer() throws IOException {
        assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(socket)));
        server.close();
        try (var left = Files.list(socket.getParent())) {
            assertEquals(List.of(), left.toList());
        }
    }

    @Test
    void aStaleSocketIsReplaced() throws Exception {
        Path stale = dir.resolve("stale");
        try (ServerSocketChannel dead = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            dead.bind(UnixDomainSocketAddress.of(stale));
        }
        assertTrue(Files.exists(stale));
        try (ControlServer again = ControlServer.start(stale, devices, devices, loop.group());
            RawClient client = new RawClient(stale)) {
            assertNotNull(again);
            assertEquals("1.2.3-test", client.ask(ControlRequest.of("version")).daemon());
        }
    }

    @Test
    void aSocketThatIsAnsweredIsLeftAlone() throws Exception {
        SocketTakenException refusal = assertThrows(SocketTakenException.class,
            () -> ControlServer.start(socket, devices, devices, loop.group()));
        assertEquals(socket + " is answered by another process; is blkbackd running already?", refusal.getMessage());
        try (RawClient client = new RawClient(socket)) {
            assertEquals("1.2.3-test", client.ask(ControlRequest.of("version")).daemon());
        }
    }

    @Test
    void whatIsNoSocketIsNeverRemoved() throws IOException {
        Path precious = Files.writeString(dir.resolve("precious"), "data");
        assertThrows(IOException.class, () -> ControlServer.start(precious, devices, devices, loop.group()));
        assertEquals("data", Files.readString(precious));
        Path link = Files.createSymbolicLink(dir.resolve("link"), precious);
        assertThrows(IOException.class, () -> ControlServer.start(link, devices, devices, loop.group()));
        assertEquals("data", Files.readString(link));
    }

    @Test
    void aSocketThatIsAnothersByNowIsNotRemoved() throws IOException {
        Files.delete(socket);
        Files.writeString(socket, "another's");
        server.close();
        assertEquals("another's", Files.readString(socket));
    }

    @Test
    void aFolderThatCannotBeMadeIsSaid() throws IOException {
        Files.writeString(dir.resolve("file"), "");
        assertThrows(IOException.class,
            () -> ControlServer.start(dir.resolve("file/control.sock"), devices, devices, loop.group()));
        assertThrows(IOException.class,
            () -> ControlServer.start(dir.resolve("x".repeat(200)), devices, devices, loop.group()));
    }

    @Test
    void clientsAreDisconnectedWhenTheServerCloses() throws Exception {
        try (RawClient client = new RawClient(socket)) {
            client.ask(ControlRequest.of("list"));
            server.close();
            loop.close();
            assertNull(client.line());
        }
        assertFalse(Files.exists(socket));
    }

    private static void assertError(String error, String message, ControlReply reply) {
        assertEquals(error + ": " + message, reply.error() + ": " + reply.message());
    }
}
