// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.device;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.blkbackd.blkback.blkif.RateLimits;
import org.blkbackd.blkback.control.ControlException;
import org.blkbackd.blkback.control.ControlledDevices;
import org.blkbackd.blkback.control.CrossingStats;
import org.blkbackd.blkback.control.DeviceStats;
import org.blkbackd.blkback.control.DeviceView;
import org.blkbackd.blkback.sim.DiskConfig;
import org.blkbackd.blkback.sim.FrontRequest;
import org.blkbackd.blkback.sim.SimFrontend;
import org.blkbackd.ioengine.Errno;
import org.blkbackd.ioengine.IoRequest.Operation;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class ConductorDevicesTest {

    private static final long A_WHILE_MS = 500;

    @TempDir
    private Path dir;
    private final FaultyFiles files = new FaultyFiles();
    private HostRig host;
    private ControlledDevices devices;
    private DiskConfig disk;
    private SimFrontend frontend;

    @BeforeEach
    void start() {
        host = new HostRig(dir, files);
        devices = host.conductor().devices();
    }

    @AfterEach
    void stop() {
        if (frontend != null) {
            frontend.close(HostRig.PATIENCE_MS);
            host.toolstack.detach(disk);
        }
        host.close();
    }

    private void connect(String target) {
        disk = DiskConfig.vbd(7, "xvda", target);
        frontend = host.connected(disk);
    }

    private void execute(FrontRequest request) {
        assertEquals(0, frontend.execute(request, HostRig.PATIENCE_MS));
        frontend.release(request);
    }

    @Test
    void withoutDisksThereIsNothingToTell() throws Exception {
        assertEquals(List.of(), get(devices.devices()));
        assertEquals(List.of(), get(devices.stats()));
    }

    @Test
    void aDiskIsToldAsItIsAndByItsGuestsName() throws Exception {
        Path image = host.image("a.img", 1 << 20);
        connect("buffered:" + image);
        host.dom0.write("/local/domain/7/name", "web");
        DeviceView view = get(devices.devices()).get(0);
        assertEquals("vbd-7-51712 web xvda vbd buffered:" + image + " buffered w 2048 connected",
            String.join(" ", view.name(), view.domain(), view.vdev(), view.kind(), view.target(), view.engine(),
                view.mode(), Long.toString(view.sectors()), view.backendState()));
        assertTrue(view.queues() > 0 && view.ringPages() > 0, view.toString());
        assertEquals(0, view.inFlight());
        assertNull(view.lastError());
    }

    @Test
    void whatAGuestDoesIsCounted() throws Exception {
        connect("memory:1M");
        execute(frontend.claim().put(new byte[4096]).write(0, 8));
        execute(frontend.claim().read(0, 8));
        execute(frontend.claim().flush());
        DeviceStats stats = get(devices.stats()).get(0);
        assertEquals("vbd-7-51712", stats.name());
        assertEquals(4096, stats.write().bytes());
        assertEquals(4096, stats.read().bytes());
        assertEquals(1, stats.read().latency().count());
        assertEquals(1, stats.write().latency().count());
        assertEquals(1, stats.flush().latency().count());
        assertTrue(stats.read().latency().maxNanos() > 0);
        assertEquals(3, stats.requests());
        assertEquals(0, stats.inFlight());
        assertEquals(0, stats.errors().total());
    }

    @Test
    void whatItCostsIsCounted() throws Exception {
        connect("memory:1M");
        CrossingStats before = get(devices.crossings());
        for (int i = 0; i < 10; i++) {
            execute(frontend.claim().put(new byte[4096]).write(0, 8));
        }
        CrossingStats cost = get(devices.crossings()).since(before);
        assertEquals(10, cost.requests());
        assertEquals(10, cost.copies(), "one for each, because each waits for the one before");
        assertTrue(cost.workers() > 0 && cost.sleeps() > 0 && cost.enters() >= cost.sleeps(), cost.toString());
        assertTrue(cost.events() > 0 && cost.notifies() > 0 && cost.notifies() <= 10, cost.toString());
    }

    @Test
    void aResizeIsTheConductorsAndItsRefusalIsALine() throws Exception {
        connect("buffered:" + host.image("a.img", 1 << 20));
        assertEquals(2L << 20, get(devices.resize("vbd-7-51712", OptionalLong.of(2 << 20))));
        assertEquals(2L << 20, get(devices.resize("vbd-7-51712", OptionalLong.empty())));
        assertEquals(4096, get(devices.devices()).get(0).sectors());
        assertRefused("there is no device vbd-7-51728", devices.resize("vbd-7-51728", OptionalLong.empty()));
    }

    @Test
    void limitsAreTheTargetsUntilTheyAreChangedAndThenOutliveTheDaemon() throws Exception {
        connect("memory,iops=100000:1M");
        String node = disk.backendPath() + "/blkbackd-limits";
        assertEquals("iops=100000", view().limits());
        assertNull(host.dom0.readOrNull(node));
        assertEquals("iops=5,bandwidth=1048576", get(devices.limit("vbd-7-51712", "bandwidth=1m,iops=5")));
        assertEquals("iops=5,bandwidth=1048576", host.dom0.readOrNull(node));
        assertRefused("the limits must be " + RateLimits.ALLOWED, devices.limit("vbd-7-51712", "iops=x"));
        host.stopDaemon();
        host.startDaemon();
        devices = host.conductor().devices();
        await().until(() -> "iops=5,bandwidth=1048576".equals(view().limits()));
        execute(frontend.claim().read(0, 8));
        assertEquals("iops=100000", get(devices.limit("vbd-7-51712", "default")));
        assertNull(host.dom0.readOrNull(node));
        assertEquals("iops=100000", get(devices.limit("vbd-7-51712", null)));
        assertRefused("there is no device vbd-7-51728", devices.limit("vbd-7-51728", "none"));
    }

    @Test
    void whatADiskHoldsIsTriedAgainAndTheTargetSaysWhatIsHeld() throws Exception {
        connect("faulty,on-error=hold:" + host.image("a.img", 1 << 20));
        files.disk.faults().fail(Operation.WRITE, Errno.EIO);
        FrontRequest write = frontend.claim().put(new byte[4096]).write(0, 8);
        submit(write);
        await().until(() -> view().held() == 1);
        assertTrue(view().lastError().contains("errno=EIO"), view().lastError());
        assertEquals(1, get(devices.retry("vbd-7-51712")));
        assertEquals(1, view().held(), "it fails again");
        files.disk.faults().heal();
        assertEquals(1, get(devices.retry("vbd-7-51712")));
        await().until(() -> view().held() == 0);
        awaitDone(1);
        assertEquals(0, get(devices.retry("vbd-7-51712")));
        assertRefused("there is no device vbd-7-51728", devices.retry("vbd-7-51728"));
    }

    @Test
    void withOnErrorReportTheGuestIsTold() throws Exception {
        connect("faulty,on-error=report:" + host.image("a.img", 1 << 20));
        files.disk.faults().fail(Operation.WRITE, Errno.ENOSPC);
        FrontRequest write = frontend.claim().put(new byte[4096]).write(0, 8);
        assertEquals(-1, frontend.execute(write, HostRig.PATIENCE_MS));
        frontend.release(write);
        assertEquals(0, view().held());
    }

    @Test
    void withWhileHeldStopNothingMoreIsTaken() throws Exception {
        connect("faulty,while-held=stop:" + host.image("a.img", 1 << 20));
        files.disk.faults().fail(Operation.WRITE, Errno.ENOSPC);
        submit(frontend.claim().put(new byte[4096]).write(0, 8));
        await().until(() -> view().held() == 1);
        submit(frontend.claim().read(8, 8));
        assertFalse(frontend.await(A_WHILE_MS));
        assertEquals(1, get(devices.stats()).get(0).requests());
        files.disk.faults().heal();
        awaitDone(2);
    }

    private void submit(FrontRequest request) {
        frontend.submit(request);
        frontend.kick();
    }

    private void awaitDone(int count) {
        for (int i = 0; i < count; i++) {
            FrontRequest[] done = new FrontRequest[1];
            await().atMost(HostRig.PATIENCE_MS, TimeUnit.MILLISECONDS).until(() -> (done[0] = frontend.reap()) != null);
            assertEquals(0, done[0].status());
            frontend.release(done[0]);
        }
    }

    private DeviceView view() throws Exception {
        return get(devices.devices()).get(0);
    }

    private static void assertRefused(String message, CompletableFuture<?> answer) {
        ExecutionException failure = assertThrows(ExecutionException.class, () -> get(answer));
        assertInstanceOf(ControlException.class, failure.getCause());
        assertEquals(message, failure.getCause().getMessage());
    }

    @Test
    void aDiskWithoutItsGuestIsToldAndNotCounted() throws Exception {
        host.domain(7);
        host.toolstack.attach(DiskConfig.vbd(7, "xvda", "memory:1M"));
        DeviceView view = get(devices.devices()).get(0);
        assertEquals("xvda init-wait", view.vdev() + " " + view.backendState());
        assertEquals(0, view.sectors());
        assertEquals(0, view.queues());
        assertEquals(List.of(), get(devices.stats()));
    }

    private static <T> T get(CompletableFuture<T> answer) throws Exception {
        return answer.get(HostRig.PATIENCE_MS, TimeUnit.MILLISECONDS);
    }
}
