// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.control.server;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.channel.Channel;
import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.function.Predicate;
import org.blkbackd.blkback.control.ControlReply;
import org.blkbackd.blkback.control.ControlRequest;
import org.blkbackd.blkback.control.TestDevices;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class HostileClientTest {

    private static final Duration SHORT = Duration.ofMillis(300);
    private static final Duration LONG = Duration.ofMinutes(10);
    private static final ControlLimits PATIENT = new ControlLimits(8, 1024, LONG, LONG, LONG, LONG, LONG);

    @TempDir
    private Path dir;
    private final ServerLoop loop = new ServerLoop();
    private final TestDevices devices = new TestDevices();
    private ControlServer server;
    private Path socket;

    @BeforeEach
    void devices() {
        for (int domid = 1; domid <= 200; domid++) {
            devices.with(TestDevices.view(domid, 51712), domid);
        }
        socket = dir.resolve("control.sock");
    }

    @AfterEach
    void everybodyElseIsStillServed() {
        everybodyElseIsServed();
        server.close();
        loop.close();
    }

    private void everybodyElseIsServed() {
        // A client that is turned away may find out while it writes.
        await().ignoreExceptions().untilAsserted(() -> {
            try (RawClient client = new RawClient(socket)) {
                assertEquals("1.2.3-test", client.ask(ControlRequest.of("version")).daemon());
            }
        });
    }

    private void serve(ControlLimits limits) throws IOException {
        serve(limits, Peer.rootOrSelf());
    }

    private void serve(ControlLimits limits, Predicate<Channel> allowed) throws IOException {
        server = ControlServer.start(socket, new ControlCommands(devices, devices, limits, loop.group()), limits,
            allowed, loop.group());
    }

    @Test
    void aByteAtATimeDoesNotProlongTheTime() throws Exception {
        serve(new ControlLimits(8, 1024, SHORT, LONG, LONG, LONG, LONG));
        try (RawClient client = new RawClient(socket)) {
            Thread trickle = new Thread(() -> {
                try {
                    for (;;) {
                        client.send(" ");
                        Thread.sleep(20);
                    }
                } catch (IOException | InterruptedException e) {
                    // The end that is waited for.
                }
            });
            trickle.start();
            assertNull(client.line());
            trickle.join();
        }
    }

    @Test
    void aClientThatSaysNothingMoreIsDropped() throws Exception {
        serve(new ControlLimits(8, 1024, SHORT, LONG, LONG, LONG, LONG));
        try (RawClient client = new RawClient(socket)) {
            assertNotNull(client.ask(ControlRequest.of("list")).devices());
            assertNull(client.line());
        }
    }

    @Test
    void aClientThatNeverReadsIsDropped() throws Exception {
        serve(new ControlLimits(1, 1024, LONG, LONG, LONG, LONG, SHORT));
        for (int domid = 201; domid <= 5000; domid++) {
            devices.with(TestDevices.view(domid, 51712), domid);
        }
        try (RawClient client = new RawClient(socket)) {
            client.send("{\"version\":1,\"command\":\"stats\"}\n");
            // There is room for one connection: another is served only once this one was dropped.
            everybodyElseIsServed();
        }
    }

    @Test
    void aTooLongLineIsRefusedWithoutBeingKept() throws Exception {
        serve(PATIENT);
        try (RawClient client = new RawClient(socket)) {
            client.send("x".repeat(1025));
            ControlReply reply = client.reply();
            assertEquals("bad-request: a request is a line of at most 1024 bytes",
                reply.error() + ": " + reply.message());
            assertNull(client.line());
        }
    }

    @Test
    void requestsThatDoNotWaitForTheirAnswerAreRefusedOnce() throws Exception {
        serve(PATIENT);
        devices.silence();
        try (RawClient client = new RawClient(socket)) {
            client.send("{\"version\":1,\"command\":\"list\"}\n" + "\n".repeat(60_000));
            assertEquals("a request came before the last one was answered", client.reply().message());
            assertNull(client.line());
        }
    }

    @Test
    void garbageIsAnsweredOrEndsTheConnection() throws Exception {
        serve(PATIENT);
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int round = 0; round < 300; round++) {
            StringBuilder garbage = new StringBuilder();
            for (int left = random.nextInt(200); left > 0; left--) {
                char any = (char) random.nextInt(random.nextBoolean() ? 128 : 0x3000);
                garbage.append(any == '\n' ? ' ' : any);
            }
            try (RawClient client = new RawClient(socket)) {
                assertNotNull(client.send(garbage + "\n").reply().error(), "seed " + seed);
            }
        }
    }

    @Test
    void aThousandConnectionsAreBoundedAndNoneStays() throws Exception {
        serve(PATIENT);
        List<RawClient> clients = new ArrayList<>();
        int busy = 0;
        try {
            for (int i = 0; i < 1000; i++) {
                RawClient client = new RawClient(socket);
                clients.add(client);
                if (i >= 8) {
                    ControlReply reply = client.reply();
                    assertEquals("busy: the daemon has 8 control connections already; try again",
                        reply.error() + ": " + reply.message());
                    assertNull(client.line());
                    busy++;
                }
            }
            assertEquals(992, busy);
            assertEquals("1.2.3-test", clients.get(7).ask(ControlRequest.of("version")).daemon());
        } finally {
            for (RawClient client : clients) {
                client.close();
            }
        }
    }

    @Test
    void clientsThatDieAnywhereLeaveNothing() throws Exception {
        serve(PATIENT);
        for (int i = 0; i < 400; i++) {
            try (RawClient client = new RawClient(socket)) {
                if (i % 4 > 0) {
                    client.send(i % 4 == 1 ? "{\"versi" : "{\"version\":1,\"command\":\"stats\"}\n");
                }
                if (i % 4 == 3) {
                    client.line();
                }
            }
        }
    }

    @Test
    void aDaemonThatDoesNotAnswerMakesTheClientBusyNotWaiting() throws Exception {
        serve(new ControlLimits(8, 1024, LONG, SHORT, SHORT, LONG, LONG));
        devices.silence();
        try (RawClient client = new RawClient(socket)) {
            for (ControlRequest request : List.of(ControlRequest.of("list"), ControlRequest.of("stats"),
                ControlRequest.resize("3/xvda", null))) {
                assertEquals("busy", client.ask(request).error());
            }
        }
    }

    @Test
    void anotherUserIsTurnedAway() throws Exception {
        boolean[] open = {false};
        Predicate<Channel> onlyNobody = Peer.anyOf(Set.of(FileSystems.getDefault()
            .getUserPrincipalLookupService().lookupPrincipalByName("64999")));
        serve(PATIENT, peer -> open[0] || onlyNobody.test(peer));
        try (RawClient client = new RawClient(socket)) {
            ControlReply reply = client.reply();
            assertEquals("denied: only root may control the daemon", reply.error() + ": " + reply.message());
            assertNull(client.line());
        }
        open[0] = true;
    }

    @Test
    void theKernelSaysWhoWeAre() throws Exception {
        boolean[] seen = {false};
        Predicate<Channel> self = Peer.anyOf(Set.of(Files.getOwner(Path.of("/proc/self"))));
        serve(PATIENT, peer -> seen[0] = self.test(peer));
        try (RawClient client = new RawClient(socket)) {
            assertEquals("1.2.3-test", client.ask(ControlRequest.of("version")).daemon());
        }
        assertTrue(seen[0]);
    }
}
