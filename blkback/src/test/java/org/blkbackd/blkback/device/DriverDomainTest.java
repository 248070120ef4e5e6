// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.device;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.blkbackd.blkback.sim.DiskConfig;
import org.blkbackd.blkback.sim.DiskOptions;
import org.blkbackd.blkback.sim.FrontRequest;
import org.blkbackd.blkback.sim.FrontendException;
import org.blkbackd.blkback.sim.SimFrontend;
import org.blkbackd.xenstore.sim.SimQuotas;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The daemon in a domain of its own: nobody runs its script, and nobody but it removes its directories. */
class DriverDomainTest {

    private static final int SELF = 5;
    private static final int PATIENCE_MS = 20_000;

    @TempDir
    private Path folder;
    @TempDir
    private Path another;
    private HostRig host;

    @BeforeEach
    void start() {
        host = new HostRig(folder, null, 2, SELF);
    }

    @AfterEach
    void leavesNothing() {
        host.nothingIsLeft();
        host.close();
    }

    private DiskConfig disk(String kind) {
        String target = "memory:1M";
        DiskConfig disk = kind.equals("vbd") ? DiskConfig.vbd(1, "xvda", target) : DiskConfig.qdisk(1, "xvda", target);
        return disk.with(DiskOptions.USUAL.in(SELF));
    }

    private void write(SimFrontend frontend) {
        FrontRequest request = frontend.claim().write(0, 8);
        frontend.execute(request, PATIENCE_MS);
        assertTrue(request.isOkay());
        frontend.release(request);
    }

    @ParameterizedTest
    @ValueSource(strings = {"vbd", "qdisk"})
    void servesWithoutAScriptAndRemovesItsDirectory(String kind) {
        DiskConfig disk = disk(kind);
        SimFrontend frontend = host.connected(disk);
        write(frontend);
        frontend.close(PATIENCE_MS);
        host.toolstack.detach(disk);
        assertTrue(host.dom0.directory(disk.backendPath()).isEmpty());
    }

    @ParameterizedTest
    @ValueSource(strings = {"vbd", "qdisk"})
    void aForcedDetachRemovesItsDirectory(String kind) {
        DiskConfig disk = disk(kind);
        SimFrontend frontend = host.connected(disk);
        write(frontend);
        frontend.crash();
        host.toolstack.detachForced(disk);
        assertTrue(host.dom0.directory(disk.backendPath()).isEmpty());
    }

    @Test
    void anUnconnectedDiskIsRemovedToo() {
        DiskConfig disk = disk("vbd");
        host.domain(1);
        host.toolstack.attach(disk);
        host.toolstack.detachForced(disk);
    }

    @Test
    void aDeviceThatIsOnlyClosedStays() {
        DiskConfig disk = disk("vbd");
        SimFrontend frontend = host.connected(disk);
        frontend.close(PATIENCE_MS);
        host.awaitState(disk, 6);
        // A driver that was unloaded may come back: the toolstack has not asked for the end.
        frontend.kexecReconnect(PATIENCE_MS);
        write(frontend);
        frontend.close(PATIENCE_MS);
        host.toolstack.detach(disk);
    }

    /** A domain without privileges has so many watches and no more. */
    @Test
    void aDeviceThatCouldNotBeWatchedIsServedOnceItCan() {
        host.close();
        host = new HostRig(another, SELF, new SimQuotas(1000, 16, 2048, 10, 5, 1024));
        host.domain(1);
        List<DiskConfig> disks = new ArrayList<>();
        for (char letter = 'a'; letter <= 't'; letter++) {
            disks.add(DiskConfig.qdisk(1, "xvd" + letter, "memory:1M").with(DiskOptions.USUAL.in(SELF)));
        }
        disks.forEach(host.toolstack::attach);
        await().until(() -> offered(disks) > 8);
        assertTrue(offered(disks) < 16);
        List<DiskConfig> first = disks.stream().filter(disk -> host.state(disk).equals("2")).limit(8).toList();
        List<DiskConfig> left = disks.stream().filter(disk -> !first.contains(disk)).toList();
        first.forEach(host.toolstack::detachForced);
        await().atMost(PATIENCE_MS, TimeUnit.MILLISECONDS).until(() -> offered(left) == left.size());
        left.forEach(host.toolstack::detachForced);
    }

    private long offered(List<DiskConfig> disks) {
        return disks.stream().filter(disk -> host.state(disk).equals("2")).count();
    }

    @Test
    void theErrorNodeIsItsOwnDomains() {
        DiskConfig disk = DiskConfig.vbd(1, "xvda", "direct:/nowhere.img").with(DiskOptions.USUAL.in(SELF));
        host.domain(1);
        host.toolstack.attach(disk);
        SimFrontend frontend = host.frontend(disk);
        assertThrows(FrontendException.class, () -> frontend.connect(PATIENCE_MS));
        await().until(() -> host.error(disk) != null);
        assertEquals("2 direct:/nowhere.img: there is no such file (ENOENT); create it or correct the target",
            host.error(disk));
        frontend.close();
        host.toolstack.detach(disk);
    }
}
