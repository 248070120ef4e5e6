// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.service;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.blkbackd.blkback.config.BlkbackConfig;
import org.blkbackd.blkback.config.ConfigException;
import org.blkbackd.blkback.config.ConfigLoader;
import org.blkbackd.blkback.migration.net.TestPki;
import org.blkbackd.blkback.sim.DiskConfig;
import org.blkbackd.blkback.sim.FrontendConfig;
import org.blkbackd.blkback.sim.SimFrontend;
import org.blkbackd.blkback.sim.SimToolstack;
import org.blkbackd.blkback.sim.ToolstackException;
import org.blkbackd.grant.sim.SimDomain;
import org.blkbackd.grant.sim.SimHypervisor;
import org.blkbackd.xenstore.Xenstore;
import org.blkbackd.xenstore.client.XenstoreClient;
import org.blkbackd.xenstore.sim.SimXenstored;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Two whole daemons, each on a simulated host, and one image without a lock. */
@Timeout(300)
class SharedImageTest {

    private static final long PATIENCE_MS = 60_000;
    private static final Duration PATIENCE = Duration.ofMillis(PATIENCE_MS);
    private static final int DOMID = 7;

    @TempDir
    private Path folder;
    private TestPki pki;
    private Host a;
    private Host b;

    /** A host with one guest. */
    private final class Host {

        private final String name;
        private final Path place;
        private final SimHypervisor hypervisor;
        private final SimXenstored xenstored;
        private final Xenstore dom0;
        private final Xenstore guestStore;
        private final SimDomain guest;
        private final SimToolstack toolstack;
        private final DiskConfig disk;
        private BlkbackDaemon daemon;

        Host(String name) throws IOException {
            this.name = name;
            place = Files.createDirectories(folder.resolve(name));
            hypervisor = SimHypervisor.open(Files.createDirectory(place.resolve("hypervisor")));
            xenstored = SimXenstored.start(Files.createDirectory(place.resolve("xenstored")));
            dom0 = XenstoreClient.connect(xenstored.socket());
            toolstack = new SimToolstack(dom0);
            xenstored.introduce(DOMID);
            toolstack.createDomain(DOMID);
            guest = hypervisor.domain(DOMID);
            guestStore = XenstoreClient.connect(xenstored.socket(DOMID));
            disk = DiskConfig.vbd(DOMID, "xvda", "buffered,exclusive=none,name=web:" + folder.resolve("image"));
        }

        void start(BlkbackConfig settings) {
            daemon = BlkbackDaemon.start(settings, XenHost.simulated(place));
        }

        SimFrontend frontend() {
            return new SimFrontend(guestStore, guest, FrontendConfig.of(disk.devid()));
        }

        String error() {
            String error = dom0.readOrNull("/local/domain/0/error/backend/vbd/7/51712/error");
            return error == null ? "" : error;
        }

        void close() {
            if (daemon != null) {
                daemon.close();
            }
            guestStore.close();
            guest.close();
            dom0.close();
            xenstored.close();
            hypervisor.close();
        }
    }

    @BeforeEach
    void makeHosts() throws IOException {
        try (RandomAccessFile image = new RandomAccessFile(folder.resolve("image").toFile(), "rw")) {
            image.setLength(1 << 20);
        }
        pki = new TestPki(folder).authority("ca").host("hosta", "hosta", "ca").host("hostb", "hostb", "ca");
        a = new Host("hosta");
        b = new Host("hostb");
        pki.write(a.place, "host", "hosta", "ca");
        pki.write(b.place, "host", "hostb", "ca");
    }

    @AfterEach
    void stop() {
        a.close();
        b.close();
    }

    private BlkbackConfig settings(Host host, int port, String peer, int peerPort)
        throws IOException, ConfigException {
        Path file = host.place.resolve("blkbackd.conf");
        Files.writeString(file, """
            workers = 1
            migration {
              listen = "127.0.0.1:%d"
              host = %s
              certificate = "%s/host.pem"
              key = "%3$s/host.key"
              authorities = "%3$s/ca.pem"
              peers = [{ name = %s, address = "127.0.0.1:%d", images = ["name:*"] }]
            }
            """.formatted(port, host.name, host.place, peer, peerPort));
        return ConfigLoader.load(file, Map.of());
    }

    private static int freePort() throws IOException {
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return free.getLocalPort();
        }
    }

    @Test
    void aHostThatProvesItsNameByNobodyKnownIsToldBeforeAGuestComesToIt() throws Exception {
        pki.authority("stranger").host("foreign", "hostb", "stranger").write(b.place, "host", "foreign", "ca");
        int portA = freePort();
        int portB = freePort();
        a.start(settings(a, portA, "hostb", portB));
        b.start(settings(b, portB, "hosta", portA));
        await().atMost(PATIENCE).until(() -> isListening(portA));
        String refusal = assertThrows(ToolstackException.class, () -> b.toolstack.attach(b.disk)).getMessage();
        assertTrue(refusal.startsWith("xvda: script: peer hosta (127.0.0.1:" + portA + ") does not answer: it"
            + " does not accept this host's certificate or TLS ("), refusal);
    }

    private static boolean isListening(int port) {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            return socket.isConnected();
        } catch (IOException e) {
            return false;
        }
    }

    @Test
    void aGuestGetsTheImageWhenTheOtherHostsGuestHasLetGoAndNoSooner() throws Exception {
        int portA = freePort();
        int portB = freePort();
        BlkbackConfig ofA = settings(a, portA, "hostb", portB);
        a.start(ofA);
        a.toolstack.attach(a.disk);
        SimFrontend there = a.frontend();
        there.offer();
        await().atMost(PATIENCE).until(() -> a.error().contains("peer hostb (127.0.0.1:" + portB
            + ") does not answer: Connection refused; if that host is off"));
        b.start(settings(b, portB, "hosta", portA));
        there.awaitConnected(PATIENCE_MS);
        b.toolstack.attach(b.disk);
        SimFrontend here = b.frontend();
        here.offer();
        await().atMost(PATIENCE).until(() -> b.error().contains(" says: vbd-7-51712 "));
        assertFalse(here.isConnected());
        assertEquals(0, there.execute(there.claim().write(0, 8), PATIENCE_MS), "it goes on");

        a.daemon.close();
        a.start(ofA);
        assertEquals(0, there.execute(there.claim().write(0, 8), PATIENCE_MS), "who waited did not get it");
        assertFalse(here.isConnected());

        there.close(PATIENCE_MS);
        a.toolstack.detach(a.disk);
        here.awaitConnected(PATIENCE_MS);
        assertTrue(here.isConnected());
        assertEquals(0, here.execute(here.claim().write(0, 8), PATIENCE_MS));
        here.close(PATIENCE_MS);
    }
}
