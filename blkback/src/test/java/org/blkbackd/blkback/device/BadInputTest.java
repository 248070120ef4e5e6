// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.device;

import static org.awaitility.Awaitility.await;
import static org.blkbackd.blkback.device.HostRig.PATIENCE_MS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import org.blkbackd.blkback.sim.DiskConfig;
import org.blkbackd.blkback.sim.FrontRequest;
import org.blkbackd.blkback.sim.FrontendException;
import org.blkbackd.blkback.sim.SimFrontend;
import org.blkbackd.blkback.sim.ToolstackException;
import org.blkbackd.ioengine.Disk;
import org.blkbackd.ioengine.DiskProvider;
import org.blkbackd.ioengine.DiskSpec;
import org.blkbackd.ioengine.OpenMode;
import org.blkbackd.ioengine.memory.MemoryProvider;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What administrators get wrong and guests do wrong: a clear word to who caused it, and nobody else notices. */
class BadInputTest {

    @TempDir
    private Path dir;
    private final StuckProvider stuck = new StuckProvider();
    private HostRig host;
    private DiskConfig healthy;
    private SimFrontend bystander;

    @BeforeEach
    void start() {
        host = new HostRig(dir, stuck);
        healthy = DiskConfig.vbd(7, "xvda", "memory:1M");
        bystander = host.connected(healthy);
    }

    @AfterEach
    void nobodyElseNoticed() {
        bystander.release(executed(bystander));
        bystander.close(PATIENCE_MS);
        host.toolstack.detach(healthy);
        host.nothingIsLeft();
        host.close();
    }

    private static FrontRequest executed(SimFrontend frontend) {
        FrontRequest request = frontend.claim().write(0, 8);
        assertEquals(0, frontend.execute(request, PATIENCE_MS));
        return request;
    }

    @Test
    void aMissingImageIsToldToXl() throws IOException {
        Path image = dir.resolve("later.img");
        DiskConfig disk = DiskConfig.vbd(1, "xvda", "direct:" + image);
        refused(disk, image.toString());
        Files.write(image, new byte[1 << 20]);
        worksNow(disk);
    }

    @Test
    void aDirectoryIsToldToXl() {
        refused(DiskConfig.vbd(1, "xvda", "direct:" + dir), dir.toString());
    }

    @Test
    void anUnknownSchemeIsToldToXl() {
        refused(DiskConfig.vbd(1, "xvda", "nosuch:/x"), "nosuch");
        refused(DiskConfig.vbd(1, "xvda", "relative.img"), "relative.img");
    }

    private void refused(DiskConfig disk, String named) {
        host.domain(disk.domid());
        String message = assertThrows(ToolstackException.class, () -> host.toolstack.attach(disk)).getMessage();
        assertTrue(message.contains(named), message);
        assertEquals(1, message.lines().count());
        host.toolstack.detach(disk);
    }

    private SimFrontend attached(DiskConfig disk) {
        host.domain(disk.domid());
        host.toolstack.attach(disk);
        return host.frontend(disk);
    }

    /** Its image is being opened, which takes until it is told otherwise. */
    private SimFrontend offered(DiskConfig hung) {
        SimFrontend frontend = attached(hung);
        host.awaitState(hung, 2);
        frontend.offer();
        await().until(() -> stuck.opening);
        return frontend;
    }

    private void worksNow(DiskConfig disk) {
        SimFrontend frontend = host.connected(disk);
        frontend.release(executed(frontend));
        frontend.close(PATIENCE_MS);
        host.toolstack.detach(disk);
    }

    @ParameterizedTest(name = "{0} = {1}")
    @CsvSource({"mode, q", "mode, ''", "device-type, floppy", "removable, maybe", "params, ''", "frontend-id, 2",
        "frontend-id, x", "frontend, /local/domain/2/device/vbd/51712", "online, abc"})
    void aBackendNodeThatMakesNoSenseClosesTheDevice(String node, String value) {
        DiskConfig disk = DiskConfig.qdisk(1, "xvda", "memory:1M");
        host.domain(1);
        host.toolstack.attach(disk);
        host.dom0.write(disk.backendPath() + "/" + node, value);
        SimFrontend frontend = host.frontend(disk);
        assertThrows(FrontendException.class, () -> frontend.connect(PATIENCE_MS));
        host.awaitState(disk, 6);
        String error = host.error(disk);
        assertTrue(error.contains(disk.backendPath() + "/" + node), error);
        frontend.close();
        host.toolstack.detach(disk);
    }

    @ParameterizedTest(name = "{0} = {1}")
    @CsvSource({"ring-ref, abc", "ring-ref, ''", "ring-ref, -1", "ring-ref, 4294967296", "ring-ref, 99999999999999",
        "ring-ref, 0x10", "ring-ref, ' 8'", "ring-ref, +8", "event-channel, abc", "event-channel, 0",
        "event-channel, -1", "event-channel, 131072", "protocol, vax-abi", "protocol, ''", "ring-page-order, 5",
        "ring-page-order, -1", "ring-page-order, 4294967296", "ring-page-order, x", "multi-queue-num-queues, 0",
        "multi-queue-num-queues, 3", "multi-queue-num-queues, 99999999999"})
    void aFrontendNodeThatMakesNoSenseClosesTheDevice(String node, String value) {
        DiskConfig disk = DiskConfig.vbd(1, "xvda", "memory:1M");
        SimFrontend frontend = attached(disk);
        // The frontend's own offer, spoiled between its nodes and its state 3.
        host.guest(1).write(disk.frontendPath() + "/ring-ref", "8");
        host.guest(1).write(disk.frontendPath() + "/event-channel", "9");
        host.guest(1).write(disk.frontendPath() + "/" + node, value);
        host.guest(1).write(disk.frontendPath() + "/state", "3");
        host.awaitState(disk, 6);
        String error = host.error(disk);
        assertTrue(error.contains(disk.frontendPath() + "/" + node), error);
        host.guest(1).remove(disk.frontendPath() + "/" + node);
        host.guest(1).write(disk.frontendPath() + "/state", "1");
        host.awaitState(disk, 2);
        frontend.connect(PATIENCE_MS);
        frontend.release(executed(frontend));
        frontend.close(PATIENCE_MS);
        host.toolstack.detach(disk);
    }

    @ParameterizedTest
    @CsvSource({"ring-ref, 7777", "event-channel, 777"})
    void anOfferThatXenRefusesClosesTheDevice(String node, String value) {
        DiskConfig disk = DiskConfig.vbd(1, "xvda", "memory:1M");
        SimFrontend frontend = attached(disk);
        frontend.offer();
        frontend.crash();
        host.awaitState(disk, 4);
        host.guest(1).write(disk.frontendPath() + "/" + node, value);
        host.guest(1).write(disk.frontendPath() + "/state", "1");
        host.awaitState(disk, 2);
        host.guest(1).write(disk.frontendPath() + "/state", "3");
        host.awaitState(disk, 6);
        assertTrue(host.error(disk).contains(value), host.error(disk));
        host.toolstack.detach(disk);
    }

    @Test
    void aFrontendThatInsistsDoesNotMakeUsOpenTheImageForEver() {
        DiskConfig disk = DiskConfig.qdisk(1, "xvda", "memory:nonsense");
        host.domain(1);
        host.toolstack.attach(disk);
        host.awaitState(disk, 2);
        host.guest(1).write(disk.frontendPath() + "/state", "3");
        host.awaitState(disk, 6);
        for (int i = 0; i < 100; i++) {
            host.guest(1).write(disk.frontendPath() + "/state", "3");
        }
        assertEquals("6", host.dom0.read(disk.backendPath() + "/state"));
        host.toolstack.detach(disk);
    }

    @Test
    void aGuestThatFlapsItsStateHarmsNobody() {
        DiskConfig disk = DiskConfig.vbd(1, "xvda", "memory:1M");
        host.domain(1);
        host.toolstack.attach(disk);
        Random random = new Random(9);
        for (int i = 0; i < 3000; i++) {
            host.guest(1).write(disk.frontendPath() + "/state", String.valueOf(random.nextInt(12)));
            if (i % 500 == 0) {
                bystander.release(executed(bystander));
            }
        }
        host.toolstack.detachForced(disk);
    }

    @Test
    void storageThatHangsDelaysItsOwnDiskOnly() {
        DiskConfig hung = DiskConfig.qdisk(1, "xvda", "stuck:1M");
        SimFrontend frontend = offered(hung);
        worksNow(DiskConfig.vbd(2, "xvda", "memory:1M"));
        stuck.release.countDown();
        frontend.awaitConnected(PATIENCE_MS);
        frontend.close(PATIENCE_MS);
        host.toolstack.detach(hung);
    }

    @Test
    void aFrontendThatLeavesWhileItsImageOpensLeavesNothing() {
        DiskConfig hung = DiskConfig.qdisk(1, "xvda", "stuck:1M");
        SimFrontend frontend = offered(hung);
        frontend.crash();
        Thread toolstack = new Thread(() -> host.toolstack.detachForced(hung));
        toolstack.start();
        await().until(() -> host.dom0.readOrNull(hung.frontendPath() + "/state") == null);
        stuck.release.countDown();
        await().until(() -> !toolstack.isAlive());
    }

    @Test
    void aConnectionLostToXenstoredIsMadeAgainAndNothingIsMissed() {
        DiskConfig disk = DiskConfig.vbd(1, "xvda", "memory:1M");
        SimFrontend frontend = host.connected(disk);
        for (int i = 0; i < 5; i++) {
            host.xenstored.dropConnections(0);
            frontend.release(executed(frontend));
        }
        await().ignoreExceptions().until(() -> host.dom0.readOrNull(disk.backendPath() + "/state").equals("4"));
        frontend.close(PATIENCE_MS);
        host.toolstack.detach(disk);
    }

    @Test
    void aTransactionThatNeverCommitsIsPutOffAndNotForgotten() {
        DiskConfig slow = DiskConfig.qdisk(1, "xvda", "stuck:1M");
        SimFrontend frontend = offered(slow);
        // More than the client tries by itself: state 4 cannot be written at first.
        host.xenstored.failCommits(70);
        stuck.release.countDown();
        frontend.awaitConnected(PATIENCE_MS);
        assertEquals(0, host.xenstored.commitsToFail());
        frontend.close(PATIENCE_MS);
        host.toolstack.detach(slow);
    }

    /** A scheme whose images take until they are told to open. */
    private static final class StuckProvider implements DiskProvider {

        private final CountDownLatch release = new CountDownLatch(1);
        private final MemoryProvider memory = new MemoryProvider();
        private volatile boolean opening;

        @Override
        public Set<String> schemes() {
            return Set.of("stuck");
        }

        @Override
        public void check(DiskSpec spec, boolean readOnly) {
            // as good as any
        }

        @Override
        public Disk open(DiskSpec spec, OpenMode mode) {
            opening = true;
            try {
                release.await();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
            return memory.open(new DiskSpec("memory", spec.target()), mode);
        }

        @Override
        public void close() {
            release.countDown();
        }
    }
}
