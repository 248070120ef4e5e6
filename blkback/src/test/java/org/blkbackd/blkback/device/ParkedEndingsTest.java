// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.device;

import static org.blkbackd.blkback.device.HostRig.PATIENCE_MS;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.blkbackd.grant.sim.SimFaults;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What may happen to a disk that is parked, other than that its guest simply goes on. */
@Timeout(value = 180, unit = TimeUnit.SECONDS)
class ParkedEndingsTest {

    private static final int EIO = 5;

    @TempDir
    private Path dir;
    private ParkingRig rig;

    @BeforeEach
    void park() {
        rig = new ParkingRig(dir, 1);
        rig.suspendAndPark();
    }

    @AfterEach
    void leavesNothing() {
        rig.close();
    }

    @Test
    void theDomainIsDestroyed() {
        int opened = rig.faulty.opened;
        rig.host.toolstack.detachForced(rig.disk);
        rig.heard("parked", "released");
        ParkingRig.until(() -> rig.host.domain(1).mappedGrants() == 0 && rig.journals() == 0);
        assertEquals(opened, rig.faulty.opened);
    }

    @Test
    void theFrontendCloses() {
        rig.frontend.close(PATIENCE_MS);
        rig.host.awaitState(rig.disk, 6);
        assertEquals(0, rig.host.domain(1).mappedGrants());
        rig.heard("released");
    }

    @Test
    void theFrontendIsUnboundAndBoundAgain() {
        rig.frontend.unbind(PATIENCE_MS);
        rig.host.awaitState(rig.disk, 6);
        rig.heard("parked", "released");
        rig.frontend.kexecReconnect(PATIENCE_MS);
        rig.writes(new byte[4096], 0);
    }

    @Test
    void aCrashKernelStartsOver() {
        rig.frontend.crash();
        rig.frontend.kexecReconnect(PATIENCE_MS);
        rig.writes(new byte[4096], 0);
    }

    @Test
    void theDaemonStopsAndAnotherGoesOn() {
        rig.host.stopDaemon();
        assertEquals(0, rig.host.domain(1).mappedGrants());
        assertEquals(1, rig.journals());
        rig.host.startDaemon();
        rig.heard("granted", "opened");
        rig.writes(new byte[4096], 0);
    }

    @Test
    void theDaemonStopsWhileTheImageIsWaitedFor() {
        rig.other.refusal = "host b has it open";
        rig.submitted(rig.frontend.claim().put(new byte[4096]).write(0, 8));
        ParkingRig.until(() -> rig.host.error(rig.disk) != null);
        rig.host.stopDaemon();
        rig.other.refusal = null;
        rig.host.startDaemon();
        rig.answered();
    }

    @Test
    void theDomainIsDestroyedWhileTheImageIsWaitedFor() {
        rig.other.refusal = "host b has it open";
        rig.submitted(rig.frontend.claim().put(new byte[4096]).write(0, 8));
        ParkingRig.until(() -> rig.host.error(rig.disk) != null);
        rig.host.toolstack.detachForced(rig.disk);
        ParkingRig.until(() -> rig.host.domain(1).mappedGrants() == 0 && rig.journals() == 0);
        // what was left of it keeps no other guest from the image
        rig.heard("released");
    }

    @Test
    void itsRingCannotBeMappedWhenItGoesOn() {
        rig.host.hypervisor.faults().failCalls(SimFaults.Call.MAP, 1, EIO, SimFaults.FOREVER);
        rig.submitted(rig.frontend.claim().put(new byte[4096]).write(0, 8));
        ParkingRig.until(() -> rig.host.error(rig.disk) != null);
        rig.host.hypervisor.faults().clear();
        rig.answered();
    }

    @Test
    void itsRingCannotBeWatched() {
        rig.writes(new byte[4096], 0);
        rig.host.hypervisor.faults().failCalls(SimFaults.Call.MAP, 1, EIO, SimFaults.FOREVER);
        rig.suspend();
        rig.heard("parked");
        rig.submitted(rig.frontend.claim().put(new byte[4096]).write(0, 8));
        ParkingRig.until(() -> rig.host.conductor().devices().devices().get().get(0).lastError() != null);
        assertEquals(0, HostRig.descriptors(rig.image));
        rig.host.hypervisor.faults().clear();
        rig.answered();
    }

    @Test
    void theDomainIsDestroyedWhileItsRingCannotBeWatched() {
        rig.writes(new byte[4096], 0);
        rig.host.hypervisor.faults().failCalls(SimFaults.Call.MAP, 1, EIO, SimFaults.FOREVER);
        rig.suspend();
        rig.heard("parked");
        rig.host.toolstack.detachForced(rig.disk);
        rig.heard("released");
        rig.host.hypervisor.faults().clear();
    }
}
