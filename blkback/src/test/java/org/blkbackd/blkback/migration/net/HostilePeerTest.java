// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.migration.net;

import static org.blkbackd.blkback.migration.net.TestHost.DEVICE;
import static org.blkbackd.blkback.migration.net.TestHost.FEATURES;
import static org.blkbackd.blkback.migration.net.TestHost.want;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import org.blkbackd.blkback.device.ClaimResult;
import org.blkbackd.blkback.migration.PeerHello;
import org.blkbackd.blkback.migration.PeerMessage;
import org.blkbackd.blkback.migration.PeerMessage.Type;
import org.blkbackd.blkback.migration.Want;
import org.blkbackd.blkback.wire.Envelope;
import org.blkbackd.blkback.wire.Kind;
import org.blkbackd.blkback.wire.WireException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A daemon that has an image open, and whatever comes to its port. */
@Timeout(300)
class HostilePeerTest {

    /** Short where a test waits for the end of it. */
    private static final PeerLimits LIMITS = new PeerLimits(4, 1_500, 1_500, 1_500, 1_500, 100);

    @TempDir
    private static Path keys;
    private static TestPki pki;

    @TempDir
    private Path dir;
    private TestHost a;
    private TestHost b;

    @BeforeAll
    static void makeCertificates() {
        pki = new TestPki(keys).authority("ca").host("hosta", "hosta", "ca").host("hostb", "hostb", "ca");
    }

    @BeforeEach
    void start() throws IOException {
        a = new TestHost("hosta", dir);
        b = new TestHost("hostb", dir);
        pki.write(a.folder(), "host", "hosta", "ca");
        a.start(LIMITS, PeerHello.ours("hosta", "1.0"), b.peer("*"));
        a.network().fence("hostb", true).join();
        assertEquals("granted", a.claim(want(false)));
    }

    @AfterEach
    void theRunningGuestsDiskGoesOn() throws IOException, WireException {
        try (SSLSocket peer = greet()) {
            assertEquals(Type.BUSY, ask(peer, Type.RELEASE, 4711).type());
        }
        assertEquals("granted", a.claim(want(false)), "it was never let go of");
        a.close();
    }

    @Test
    void plainTextIsNotAnswered() throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), a.port())) {
            socket.getOutputStream().write("GET / HTTP/1.1\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            assertEnds(socket);
        }
    }

    @Test
    void aPeerWithoutACertificateIsTurnedAway() throws IOException {
        try (SSLSocket socket = connect(null, "TLSv1.3")) {
            assertThrows(IOException.class, () -> {
                socket.startHandshake();
                socket.getOutputStream().write(PeerHello.ours("hostb", "1.0").encode());
                hear(socket);
            });
        }
    }

    @Test
    void anOlderTlsIsTurnedAway() throws IOException {
        try (SSLSocket socket = connect("hostb", "TLSv1.2")) {
            assertThrows(SSLException.class, socket::startHandshake);
        }
    }

    @Test
    void whoSaysNothingIsNotWaitedFor() throws IOException {
        try (Socket silent = new Socket(InetAddress.getLoopbackAddress(), a.port());
            SSLSocket wordless = connect("hostb", "TLSv1.3")) {
            wordless.startHandshake();
            assertEnds(silent);
            hearToTheEnd(wordless);
        }
    }

    @Test
    void halfAMessageIsNotWaitedFor() throws IOException, WireException {
        try (SSLSocket peer = greet()) {
            byte[] message = PeerMessage.ask(Type.RELEASE, 1, want(false)).encode(1);
            peer.getOutputStream().write(message, 0, message.length / 2);
            assertEnds(peer);
        }
    }

    @Test
    void aMessageWithoutAnEndIsNotRead() throws IOException, WireException {
        try (SSLSocket peer = greet()) {
            byte[] header = Arrays.copyOf(Envelope.seal(Kind.MIGRATION, 1, new byte[40_000]), Envelope.HEADER_SIZE);
            peer.getOutputStream().write(header);
            assertEnds(peer);
        }
    }

    @Test
    void anythingButMessagesEndsTheConnection() throws IOException, WireException {
        Random random = new Random(7);
        for (int i = 0; i < 20; i++) {
            try (SSLSocket peer = greet()) {
                byte[] message = PeerMessage.ask(Type.RELEASE, 1, want(false)).encode(1);
                message[random.nextInt(message.length)] ^= (byte) (1 + random.nextInt(255));
                write(peer, message);
                write(peer, new byte[100]);
                assertEnds(peer);
            }
        }
    }

    @Test
    void aPeerThatDoesNotReadItsAnswersIsDropped() throws IOException, WireException {
        try (SSLSocket peer = greet()) {
            byte[] message = PeerMessage.ask(Type.RELEASE, 1, want(false)).encode(1);
            assertThrows(IOException.class, () -> {
                OutputStream out = peer.getOutputStream();
                for (long sent = 0; sent < 1L << 30; sent += message.length) {
                    out.write(message);
                }
            });
        }
    }

    @Test
    void aPeerCanNeverMakeARunningGuestsDiskStop() throws IOException, WireException {
        CompletableFuture<ClaimResult> again = new CompletableFuture<>();
        try (SSLSocket peer = greet()) {
            for (Type type : new Type[] {Type.RELEASE, Type.QUERY}) {
                for (boolean running : new boolean[] {false, true}) {
                    peer.getOutputStream().write(new PeerMessage(type, false, running, 5, TestHost.IMAGE, "u1",
                        "xvda", "give it to me", FEATURES).encode(1));
                    PeerMessage answer = hear(peer);
                    assertEquals(Type.BUSY, answer.type());
                    assertEquals(DEVICE + " has it open for guest u1", answer.reason());
                }
            }
            for (Type type : new Type[] {Type.CONFIRM, Type.ABORT}) {
                peer.getOutputStream().write(new PeerMessage(type, false, false, 5, TestHost.IMAGE, "", "", "", null)
                    .encode(1));
            }
            assertEquals(Type.BUSY, ask(peer, Type.RELEASE, 6).type());
        }
        a.network().claim(want(false), again::complete);
        assertTrue(again.orTimeout(20, TimeUnit.SECONDS).join().granted());
    }

    @Test
    void manyStrangersDoNotKeepAPeerOut() throws IOException, WireException {
        Socket[] strangers = new Socket[20];
        for (int i = 0; i < strangers.length; i++) {
            strangers[i] = new Socket(InetAddress.getLoopbackAddress(), a.port());
        }
        for (Socket stranger : strangers) {
            assertEnds(stranger);
            stranger.close();
        }
    }

    @Test
    void aPeerThatHangsUpInsteadOfAnsweringIsNoPermission() throws Exception {
        try (SSLServerSocket server = (SSLServerSocket) pki.context("hostb", "ca").getServerSocketFactory()
            .createServerSocket(b.port(), 10, InetAddress.getLoopbackAddress())) {
            server.setEnabledProtocols(new String[] {"TLSv1.3"});
            server.setSoTimeout(15_000);
            a.network().fence("hostb", false).join();
            CompletableFuture<Integer> heard = CompletableFuture.supplyAsync(() -> hangUp(server, 3));
            String refusal = a.claim(new Want("vbd-4-51712", "wwid:naa.4", "u2", "xvda", false, FEATURES));
            assertTrue(refusal.contains("does not answer"), refusal);
            assertTrue(heard.join() >= 1, "asked at least once");
        }
    }

    /** Hears a request as often as asked to, or as there is one, and hangs up each time. */
    private static int hangUp(SSLServerSocket server, int times) {
        int heard = 0;
        while (heard < times) {
            try (SSLSocket socket = (SSLSocket) server.accept()) {
                hearBytes(socket);
                socket.getOutputStream().write(PeerHello.ours("hostb", "1.0").encode());
                if (hear(socket).type() == Type.RELEASE) {
                    heard++;
                }
            } catch (IOException | WireException e) {
                return heard;
            }
        }
        return heard;
    }

    // --- the other end ----------------------------------------------------------------------------------------------

    private SSLSocket connect(String alias, String protocol) throws IOException {
        SSLSocket socket = (SSLSocket) pki.context(alias, "ca").getSocketFactory()
            .createSocket(InetAddress.getLoopbackAddress(), a.port());
        socket.setEnabledProtocols(new String[] {protocol});
        socket.setSoTimeout(60_000);
        return socket;
    }

    /** A machine that does much else may take longer than this host has patience in these tests. */
    private SSLSocket greet() throws IOException, WireException {
        for (int i = 0;; i++) {
            SSLSocket socket = connect("hostb", "TLSv1.3");
            try {
                socket.getOutputStream().write(PeerHello.ours("hostb", "1.0").encode());
                assertEquals("hosta", PeerHello.decode(ByteBuffer.wrap(hearBytes(socket))).host());
                return socket;
            } catch (IOException e) {
                socket.close();
                if (i == 10) {
                    throw e;
                }
            }
        }
    }

    private static PeerMessage ask(SSLSocket peer, Type type, long nonce) throws IOException, WireException {
        peer.getOutputStream().write(PeerMessage.ask(type, nonce, want(true)).encode(1));
        PeerMessage answer = hear(peer);
        assertEquals(nonce, answer.nonce());
        return answer;
    }

    private static PeerMessage hear(SSLSocket peer) throws IOException, WireException {
        return PeerMessage.decode(1, ByteBuffer.wrap(hearBytes(peer)));
    }

    private static byte[] hearBytes(SSLSocket peer) throws IOException, WireException {
        DataInputStream in = new DataInputStream(peer.getInputStream());
        byte[] header = new byte[Envelope.HEADER_SIZE];
        in.readFully(header);
        byte[] envelope = Arrays.copyOf(header, Envelope.length(ByteBuffer.wrap(header)));
        in.readFully(envelope, header.length, envelope.length - header.length);
        return envelope;
    }

    private static void write(SSLSocket peer, byte[] bytes) throws IOException {
        try {
            peer.getOutputStream().write(bytes);
        } catch (SocketException ended) {
            // assertEnds says whether it has
        }
    }

    private static void hearToTheEnd(Socket socket) throws IOException {
        InputStream in = socket.getInputStream();
        byte[] some = new byte[1000];
        while (in.read(some) >= 0) {
            // what it says before it ends
        }
    }

    private static void assertEnds(Socket socket) {
        try {
            socket.setSoTimeout(60_000);
            hearToTheEnd(socket);
        } catch (SocketException | SSLException reset) {
            // that is an end, too
        } catch (IOException e) {
            throw new AssertionError("it does not end", e);
        }
    }
}
