// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.service;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.LongStream;
import org.blkbackd.blkback.config.BlkbackConfig;
import org.blkbackd.blkback.sim.DiskConfig;
import org.blkbackd.blkback.sim.FrontRequest;
import org.blkbackd.blkback.sim.FrontendConfig;
import org.blkbackd.blkback.sim.SimFrontend;
import org.blkbackd.blkback.sim.SimToolstack;
import org.blkbackd.grant.sim.SimDomain;
import org.blkbackd.grant.sim.SimHypervisor;
import org.blkbackd.xenstore.Xenstore;
import org.blkbackd.xenstore.client.XenstoreClient;
import org.blkbackd.xenstore.sim.SimXenstored;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The daemon's figures, read as libxenstat reads them. */
class StatisticsTest {

    private static final long PATIENCE_MS = 20_000;
    private static final BlkbackConfig SETTINGS =
        new BlkbackConfig(List.of("vbd", "qdisk", "vbd3"), "direct", 2, 4, "info");

    @TempDir
    private Path folder;
    private SimHypervisor hypervisor;
    private SimXenstored xenstored;
    private Xenstore dom0;
    private SimToolstack toolstack;
    private SimDomain guest;
    private Xenstore guestStore;
    private BlkbackDaemon daemon;

    @BeforeEach
    void start() throws IOException {
        hypervisor = SimHypervisor.open(folder.resolve("hypervisor"));
        xenstored = SimXenstored.start(Files.createDirectory(folder.resolve("xenstored")));
        dom0 = XenstoreClient.connect(xenstored.socket());
        toolstack = new SimToolstack(dom0);
        xenstored.introduce(7);
        toolstack.createDomain(7);
        guest = hypervisor.domain(7);
        guestStore = XenstoreClient.connect(xenstored.socket(7));
    }

    private void startDaemon() {
        daemon = BlkbackDaemon.start(SETTINGS, XenHost.simulated(folder));
    }

    @AfterEach
    void stop() {
        daemon.close();
        guestStore.close();
        guest.close();
        dom0.close();
        xenstored.close();
        hypervisor.close();
    }

    @Test
    void whatAGuestDoesIsCounted() {
        startDaemon();
        DiskConfig disk = DiskConfig.vbd3(7, "xvda", "memory:1M");
        SimFrontend frontend = connected(disk);
        execute(frontend, frontend.claim().read(0, 8));
        execute(frontend, frontend.claim().read(8, 8));
        execute(frontend, frontend.claim().write(0, 3));
        awaitCounters(disk, 0, 2, 2, 16, 0, 1, 1, 3, 0, 0, 0);
        String folderName = "td3-" + dom0.read(disk.backendPath() + "/kthread-pid");
        assertEquals(file(disk).getParent(), folder.resolve(folderName));

        frontend.close(PATIENCE_MS);
        toolstack.detach(disk);
        await().until(() -> Files.notExists(file(disk)));
        assertNull(dom0.readOrNull(disk.backendPath() + "/kthread-pid"));
        assertFalse(dom0.directory("/local/domain/0/backend/vbd3").contains("7"));
    }

    @Test
    void otherKindsAreCountedToo() {
        startDaemon();
        for (DiskConfig disk : List.of(DiskConfig.vbd(7, "xvda", "memory:1M"),
            DiskConfig.qdisk(7, "xvdb", "memory:1M"))) {
            SimFrontend frontend = connected(disk);
            execute(frontend, frontend.claim().write(0, 8));
            awaitCounters(disk, 0, 0, 0, 0, 0, 1, 1, 8, 0, 0, 0);
            assertNull(dom0.readOrNull(disk.backendPath() + "/kthread-pid"));
            frontend.close(PATIENCE_MS);
            toolstack.detach(disk);
        }
    }

    @Test
    void aFolderOfSomebodyElsesIsNoReasonNotToServe() throws IOException {
        Files.createFile(folder.resolve("td3-blkbackd"));
        startDaemon();
        DiskConfig disk = DiskConfig.vbd3(7, "xvda", "memory:1M");
        SimFrontend frontend = connected(disk);
        execute(frontend, frontend.claim().read(0, 8));
        frontend.close(PATIENCE_MS);
        toolstack.detach(disk);
    }

    @Test
    void whatAnEarlierDaemonLeftIsRemovedAndNothingIsLeft() throws IOException {
        Path left = Files.createDirectory(folder.resolve("td3-blkbackd")).resolve("vbd-3-51712");
        Files.createFile(left);
        startDaemon();
        assertTrue(Files.notExists(left));
        SimFrontend frontend = connected(DiskConfig.vbd3(7, "xvda", "memory:1M"));
        await().until(() -> Files.exists(left.resolveSibling("vbd-7-51712")));
        daemon.close();
        assertTrue(Files.notExists(left.resolveSibling("vbd-7-51712")));
        frontend.crash();
    }

    private SimFrontend connected(DiskConfig disk) {
        toolstack.attach(disk);
        SimFrontend frontend = new SimFrontend(guestStore, guest, FrontendConfig.of(disk.devid()));
        frontend.connect(PATIENCE_MS);
        return frontend;
    }

    private static void execute(SimFrontend frontend, FrontRequest request) {
        assertEquals(0, frontend.execute(request, PATIENCE_MS));
        frontend.release(request);
    }

    private Path file(DiskConfig disk) {
        return folder.resolve("td3-blkbackd/vbd-7-" + disk.devid());
    }

    private void awaitCounters(DiskConfig disk, long... wanted) {
        await().atMost(Duration.ofMillis(PATIENCE_MS)).untilAsserted(() -> {
            ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file(disk))).order(ByteOrder.nativeOrder());
            assertEquals(1, bytes.getInt(0));
            assertEquals(LongStream.of(wanted).boxed().toList(),
                LongStream.range(0, 11).map(i -> bytes.getLong(8 + 8 * (int) i)).boxed().toList());
        });
    }
}
