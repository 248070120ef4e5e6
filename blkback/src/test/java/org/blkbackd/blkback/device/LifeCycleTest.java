// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.device;

import static org.awaitility.Awaitility.await;
import static org.blkbackd.blkback.device.HostRig.PATIENCE_MS;
import static org.blkbackd.blkback.device.HostRig.descriptors;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import org.blkbackd.blkback.sim.DiskConfig;
import org.blkbackd.blkback.sim.FrontRequest;
import org.blkbackd.blkback.sim.SimFrontend;
import org.blkbackd.xenstore.Watch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A disk's whole life: attach, connect, serve, detach, in every order a toolstack and a guest may choose. */
class LifeCycleTest {

    private static final int SIZE = 1 << 20;

    @TempDir
    private Path dir;
    private HostRig host;
    private Path image;

    @BeforeEach
    void start() {
        host = new HostRig(dir, null);
        image = host.image("a.img", SIZE);
    }

    @AfterEach
    void leavesNothing() {
        host.nothingIsLeft();
        assertEquals(0, descriptors(image));
        host.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"direct:", "buffered:", ""})
    void whatTheGuestFlushedIsInTheImage(String scheme) throws Exception {
        DiskConfig disk = DiskConfig.vbd(1, "xvda", scheme + image);
        SimFrontend frontend = host.connected(disk);
        assertEquals(SIZE / 512, frontend.disk().sectors());
        assertEquals(512, frontend.disk().sectorSize());
        assertTrue(frontend.disk().flush());
        assertFalse(frontend.disk().isReadOnly());
        byte[] data = new byte[44 * 1024];
        new Random(3).nextBytes(data);
        write(frontend, 5, data);
        execute(frontend, frontend.claim().flush());
        byte[] read = new byte[data.length];
        FrontRequest request = frontend.claim().read(5, data.length / 512);
        assertEquals(0, frontend.execute(request, PATIENCE_MS));
        request.get(read);
        frontend.release(request);
        assertArrayEquals(data, read);
        detach(disk, frontend);
        byte[] whole = Files.readAllBytes(image);
        assertArrayEquals(data, Arrays.copyOfRange(whole, 5 * 512, 5 * 512 + data.length));
    }

    @Test
    void theImageIsOpenOnlyWhileAFrontendIsConnected() {
        DiskConfig disk = DiskConfig.vbd(1, "xvda", "direct:" + image);
        host.domain(1);
        host.toolstack.attach(disk);
        assertEquals(0, descriptors(image), "attached, and not yet connected");
        SimFrontend frontend = host.frontend(disk);
        frontend.connect(PATIENCE_MS);
        assertTrue(descriptors(image) > 0, "connected");
        frontend.close(PATIENCE_MS);
        // State 6 was seen by the frontend: by then the image is closed.
        assertEquals(0, descriptors(image), "closed");
        host.toolstack.detach(disk);
    }

    @Test
    void attachesAndDetachesAgainAndAgain() {
        for (int i = 0; i < 20; i++) {
            DiskConfig disk = DiskConfig.vbd(1, "xvdb", "buffered:" + image);
            SimFrontend frontend = host.connected(disk);
            write(frontend, i, new byte[512]);
            detach(disk, frontend);
            host.nothingIsLeft();
        }
    }

    @Test
    void detachIsAskedForByTheToolstackAndAgreedToByTheGuest() throws Exception {
        DiskConfig disk = DiskConfig.vbd(1, "xvda", "direct:" + image);
        SimFrontend frontend = host.connected(disk);
        Thread guest = new Thread(() -> frontend.awaitClosed(PATIENCE_MS));
        guest.start();
        host.toolstack.detach(disk);
        guest.join();
        assertTrue(frontend.isClosed());
        frontend.close();
    }

    @Test
    void aForcedDetachNeedsNoGuest() {
        DiskConfig disk = DiskConfig.vbd(1, "xvda", "direct:" + image);
        SimFrontend frontend = host.connected(disk);
        host.toolstack.detachForced(disk);
        frontend.crash();
    }

    @Test
    void aDiskOfAPausedGuestCanBeDetachedUnconnected() {
        DiskConfig disk = DiskConfig.vbd(1, "xvda", "direct:" + image);
        host.domain(1);
        host.toolstack.attach(disk);
        host.toolstack.detach(disk);
    }

    @Test
    void aDestroyedGuestLeavesNothing() {
        List<SimFrontend> frontends = new ArrayList<>();
        for (String vdev : List.of("xvda", "xvdb", "xvdc")) {
            frontends.add(host.connected(DiskConfig.vbd(1, vdev, "memory:1M")));
        }
        for (SimFrontend frontend : frontends) {
            frontend.submit(frontend.claim().write(0, 8));
            frontend.kick();
            frontend.crash();
        }
        host.toolstack.destroyDomain(1);
    }

    @Test
    void aDriverThatIsUnloadedMayComeBack() {
        DiskConfig disk = DiskConfig.vbd(1, "xvda", "direct:" + image);
        SimFrontend frontend = host.connected(disk);
        for (int i = 0; i < 3; i++) {
            frontend.close(PATIENCE_MS);
            frontend.kexecReconnect(PATIENCE_MS);
            write(frontend, i, new byte[512]);
        }
        detach(disk, frontend);
    }

    @Test
    void aCrashKernelTakesTheBackendThroughFiveSixAndTwo() {
        DiskConfig disk = DiskConfig.vbd(1, "xvda", "direct:" + image);
        SimFrontend frontend = host.connected(disk);
        for (int i = 0; i < 3; i++) {
            frontend.crash();
            frontend.kexecReconnect(PATIENCE_MS);
            write(frontend, i, new byte[512]);
        }
        detach(disk, frontend);
    }

    @Test
    void aGuestThatStartsOverWithoutClosingIsOfferedTheDeviceAgain() {
        DiskConfig disk = DiskConfig.vbd(1, "xvda", "direct:" + image);
        SimFrontend first = host.connected(disk);
        first.crash();
        host.guest(1).write(disk.frontendPath() + "/state", "1");
        host.awaitState(disk, 2);
        assertEquals(0, descriptors(image));
        SimFrontend second = host.frontend(disk);
        second.connect(PATIENCE_MS);
        write(second, 0, new byte[512]);
        detach(disk, second);
    }

    @Test
    void anOfferThatCrossedAForcedDetachDoesNotKeepTheToolstackWaiting() {
        DiskConfig disk = DiskConfig.vbd(1, "xvda", "memory:1M");
        host.domain(1);
        host.toolstack.attach(disk);
        // What is left when libxl found state 6, which it does not change, and our offer was written after that.
        host.dom0.remove(disk.frontendPath());
        host.dom0.write(disk.backendPath() + "/online", "0");
        host.awaitState(disk, 6);
        host.toolstack.detachForced(disk);
    }

    @Test
    void aWriteThatXenstoredRefusesIsNotSkipped() {
        DiskConfig disk = DiskConfig.vbd(1, "xvda", "memory:1M");
        host.domain(1);
        host.toolstack.attach(disk);
        List<String> states = new CopyOnWriteArrayList<>();
        Watch watch = host.guest(1).watch(disk.backendPath() + "/state",
            path -> states.add(String.valueOf(host.dom0.readOrNull(path))));
        await().until(() -> states.contains("2"));
        host.dom0.remove(disk.frontendPath());
        // As often as a transaction is tried: state 5 is given up once. Slow, so that each state can be read.
        host.xenstored.failCommits(50);
        host.xenstored.delay(Duration.ofMillis(20));
        host.dom0.write(disk.backendPath() + "/online", "0");
        await().atMost(Duration.ofSeconds(60)).until(() -> states.contains("6"));
        host.xenstored.delay(Duration.ZERO);
        watch.close();
        assertTrue(states.indexOf("5") > 0 && states.indexOf("5") < states.indexOf("6"), states::toString);
        host.toolstack.detachForced(disk);
    }

    @Test
    void qdisksAreServedWithoutAScript() {
        DiskConfig disk = DiskConfig.qdisk(1, "xvda", image.toString());
        SimFrontend frontend = host.connected(disk);
        write(frontend, 0, new byte[512]);
        detach(disk, frontend);
    }

    @Test
    void aQdiskOfADeadGuestIsLetGoWhenLibxlItselfWritesClosed() {
        DiskConfig disk = DiskConfig.qdisk(1, "xvda", "direct:" + image);
        SimFrontend frontend = host.connected(disk);
        frontend.crash();
        host.toolstack.destroyQemuKind(disk);
        await().until(() -> descriptors(image) == 0 && host.domain(1).mappedGrants() == 0);
    }

    @Test
    void disksOfXenBlkbackAreLeftAlone() {
        host.domain(1);
        DiskConfig foreign = new DiskConfig(1, "xvdz", DiskConfig.Kind.VBD, image.toString(), false,
            "/etc/xen/scripts/block");
        DiskConfig ours = DiskConfig.vbd(1, "xvda", "direct:" + image);
        host.dom0.write(foreign.backendPath() + "/script", "/etc/xen/scripts/block");
        host.dom0.write(foreign.backendPath() + "/params", image.toString());
        host.dom0.write(foreign.backendPath() + "/frontend-id", "1");
        host.dom0.write(foreign.backendPath() + "/state", "1");
        SimFrontend frontend = host.connected(ours);
        detach(ours, frontend);
        assertEquals("1", host.dom0.read(foreign.backendPath() + "/state"));
        host.dom0.remove(foreign.backendPath());
    }

    @Test
    void fiftyDisksConnectAtOnce() {
        List<DiskConfig> disks = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            disks.add(DiskConfig.vbd(1 + i / 10, "xvd" + (char) ('a' + i % 10), "memory:1M"));
        }
        List<SimFrontend> frontends = disks.stream().map(host::connected).toList();
        frontends.forEach(frontend -> write(frontend, 0, new byte[512]));
        for (int i = 0; i < disks.size(); i++) {
            detach(disks.get(i), frontends.get(i));
        }
    }

    @Test
    void aStoppedDaemonLeavesTheNodesAsTheyAre() {
        DiskConfig disk = DiskConfig.vbd(1, "xvda", "direct:" + image);
        SimFrontend frontend = host.connected(disk);
        write(frontend, 0, new byte[512]);
        host.stopDaemon();
        assertEquals("4", host.dom0.read(disk.backendPath() + "/state"));
        assertEquals(0, descriptors(image));
        assertEquals(0, host.domain(1).mappedGrants());
        host.startDaemon();
        write(frontend, 1, new byte[512]);
        detach(disk, frontend);
    }

    private void detach(DiskConfig disk, SimFrontend frontend) {
        frontend.close(PATIENCE_MS);
        host.toolstack.detach(disk);
        assertEquals(0, frontend.violations());
    }

    private static void write(SimFrontend frontend, long sector, byte[] data) {
        execute(frontend, frontend.claim().put(data).write(sector, data.length / 512));
    }

    private static void execute(SimFrontend frontend, FrontRequest request) {
        assertEquals(0, frontend.execute(request, PATIENCE_MS));
        frontend.release(request);
    }
}
