// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
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
import org.blkbackd.blkback.control.ControlException;
import org.blkbackd.blkback.control.ControlledDevices;
import org.blkbackd.blkback.control.DeviceStats;
import org.blkbackd.blkback.control.DeviceView;
import org.blkbackd.blkback.sim.DiskConfig;
import org.blkbackd.blkback.sim.FrontRequest;
import org.blkbackd.blkback.sim.SimFrontend;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class ConductorDevicesTest {

    @TempDir
    private Path dir;
    private HostRig host;
    private ControlledDevices devices;
    private DiskConfig disk;
    private SimFrontend frontend;

    @BeforeEach
    void start() {
        host = new HostRig(dir, null);
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
    void aResizeIsTheConductorsAndItsRefusalIsALine() throws Exception {
        connect("buffered:" + host.image("a.img", 1 << 20));
        assertEquals(2L << 20, get(devices.resize("vbd-7-51712", OptionalLong.of(2 << 20))));
        assertEquals(2L << 20, get(devices.resize("vbd-7-51712", OptionalLong.empty())));
        assertEquals(4096, get(devices.devices()).get(0).sectors());
        ExecutionException failure = assertThrows(ExecutionException.class,
            () -> get(devices.resize("vbd-7-51728", OptionalLong.empty())));
        assertInstanceOf(ControlException.class, failure.getCause());
        assertEquals("there is no device vbd-7-51728", failure.getCause().getMessage());
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
