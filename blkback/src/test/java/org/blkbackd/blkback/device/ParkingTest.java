// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.device;

import static org.blkbackd.blkback.device.HostRig.PATIENCE_MS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.blkbackd.blkback.sim.FrontQueue;
import org.blkbackd.blkback.sim.FrontRequest;
import org.blkbackd.ioengine.Disk;
import org.blkbackd.ioengine.IoRequest.Operation;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A guest that is suspended, and goes on here after all. */
@Timeout(value = 180, unit = TimeUnit.SECONDS)
class ParkingTest {

    private static final int ENOSPC = 28;

    @TempDir
    private Path dir;
    private ParkingRig rig;

    private void start() {
        rig = new ParkingRig(dir, 1);
    }

    @AfterEach
    void leavesNothing() {
        rig.close();
    }

    private static byte[] data(int seed) {
        byte[] data = new byte[4096];
        new Random(seed).nextBytes(data);
        return data;
    }

    @Test
    void itsImageIsFreeUntilItGoesOn() {
        start();
        rig.writes(data(1), 0);
        for (int round = 0; round < 3; round++) {
            rig.suspendAndPark();
            assertTrue(rig.isFree());
            rig.reads(data(1), 0);
            assertFalse(rig.isFree());
            rig.heard("parked", "granted", "opened");
        }
    }

    @Test
    void whatWasLeftIsToldToTheOtherHosts() {
        start();
        rig.suspendAndPark();
        FeatureState left = rig.other.last.needs();
        assertEquals(new FeatureState(0, 1, 256, 512, ParkingRig.SIZE / 512, false,
            "on-error=enospc,while-held=serve", List.of()), left);
    }

    @Test
    void theRequestThatFindsItParkedIsAnsweredOnceAndNeedsNoOther() {
        start();
        rig.suspendAndPark();
        for (int i = 0; i < 32; i++) {
            rig.submitted(rig.frontend.claim().put(data(i)).write(8L * i, 8));
        }
        for (int i = 0; i < 32; i++) {
            rig.answered();
        }
        assertEquals(0, rig.frontend.inFlight());
        for (int i = 0; i < 32; i++) {
            rig.reads(data(i), 8L * i);
        }
    }

    @Test
    void itParksOnlyAfterWhatIsInFlightHasEnded() {
        start();
        rig.faulty.disk.faults().hold(request -> request.operation() == Operation.WRITE);
        rig.submitted(rig.frontend.claim().put(data(1)).write(0, 8));
        rig.suspend();
        rig.submitted(rig.frontend.claim().read(64, 8));
        rig.answered();
        assertFalse(rig.isFree(), "another host could write before the late write");
        rig.faulty.disk.faults().release();
        rig.answered();
        rig.parked();
    }

    @Test
    void aGuestThatIsSuspendedWhileItsDiskIsOpenedIsParkedThereafter() {
        start();
        rig.suspendAndPark();
        rig.other.awake = new CountDownLatch(1);
        rig.submitted(rig.frontend.claim().put(data(1)).write(0, 8));
        rig.heard("parked", "granted");
        rig.suspend();
        rig.other.awake.countDown();
        rig.answered();
        rig.parked();
        rig.reads(data(1), 0);
    }

    @Test
    void whatIsHeldKeepsTheDiskFromParking() {
        start();
        rig.faulty.disk.faults().fail(Operation.WRITE, ENOSPC);
        rig.submitted(rig.frontend.claim().put(data(1)).write(0, 8));
        ParkingRig.until(() -> rig.host.conductor().devices().devices().get().get(0).held() == 1);
        rig.suspend();
        rig.submitted(rig.frontend.claim().read(64, 8));
        rig.answered();
        assertFalse(rig.isFree(), "another host could write before what is held is tried again");
        rig.faulty.disk.faults().heal();
        rig.answered();
        rig.parked();
        rig.reads(data(1), 0);
    }

    /** Its first ring has nothing in flight, and has something again when the second has not. */
    @Test
    void aRingThatHoldsSomethingAgainKeepsTheDiskFromParking() {
        rig = new ParkingRig(dir, 2);
        Set<Long> full = ConcurrentHashMap.newKeySet();
        full.addAll(List.of(0L, 4096L));
        rig.faulty.disk.faults().fail(request -> request.operation() == Operation.WRITE
            && full.contains(request.offsetBytes()), ENOSPC);
        write(1);
        rig.held(1);
        rig.suspend();
        rig.reads(new byte[4096], 64);
        write(0);
        rig.held(2);
        full.remove(4096L);
        rig.answered(1);
        rig.held(1);
        assertFalse(rig.isFree());
        full.clear();
        rig.answered(0);
        rig.parked();
    }

    private void write(int ring) {
        FrontQueue queue = rig.frontend.queue(ring);
        queue.submit(queue.claim().put(data(ring)).write(8L * ring, 8));
        queue.kick();
    }

    @Test
    void aDomainThatEndsWhileItParksDoesNotWaitForTheStorage() {
        start();
        rig.faulty.disk.faults().hold(request -> request.operation() == Operation.FLUSH);
        rig.suspend();
        ParkingRig.until(() -> rig.faulty.disk.faults().held() == 1);
        rig.host.dom0.remove(rig.disk.frontendPath());
        ParkingRig.until(() -> rig.host.domain(1).mappedGrants() == 0);
        assertFalse(rig.isFree());
        rig.faulty.disk.faults().release();
        rig.heard("released");
    }

    /** Every watch begins anew with an event, which tells of no change. */
    @Test
    void aConnectionToXenstoreThatIsMadeAgainParksNothing() {
        start();
        int watches = rig.host.xenstored.watchCount();
        rig.host.xenstored.dropConnections(0);
        ParkingRig.until(() -> rig.host.xenstored.watchCount() == watches);
        for (int i = 0; i < 20; i++) {
            rig.host.xenstored.fireReleaseDomain();
            rig.writes(data(i), 0);
        }
        assertEquals(List.of("granted", "opened"), rig.other.heard);
        // The daemon may not have seen yet what the node was before: a guest that empties it at once may go unnoticed.
        rig.host.dom0.write("/local/domain/1/control/shutdown", "suspend");
        ParkingRig.until(() -> {
            rig.host.xenstored.fireReleaseDomain();
            return rig.other.heard.contains("parked");
        });
        rig.parked();
    }

    @Test
    void anEndOfAnotherDomainParksNothing() {
        start();
        rig.host.xenstored.fireReleaseDomain();
        rig.writes(data(1), 0);
        rig.host.domain(2);
        rig.host.dom0.write("/local/domain/2/control/shutdown", "suspend");
        rig.host.xenstored.fireReleaseDomain();
        for (int i = 0; i < 20; i++) {
            rig.reads(data(1), 0);
        }
        assertEquals(List.of("granted", "opened"), rig.other.heard);
    }

    @Test
    void aGuestThatIsAskedForAnotherEndIsNotParkedByThat() {
        start();
        rig.host.dom0.write("/local/domain/1/control/shutdown", "poweroff");
        rig.host.xenstored.fireReleaseDomain();
        for (int i = 0; i < 20; i++) {
            rig.writes(data(i), 0);
        }
        assertEquals(List.of("granted", "opened"), rig.other.heard);
    }

    @Test
    void aGuestThatWasNeverSuspendedLosesNothing() {
        start();
        Random random = new Random(5);
        byte[][] last = new byte[16][];
        for (int round = 0; round < 60; round++) {
            if (random.nextInt(3) == 0) {
                rig.suspend();
            }
            for (int i = 0; i < 5; i++) {
                int block = random.nextInt(16);
                last[block] = data(round * 5 + i);
                rig.writes(last[block], 8L * block);
            }
            int block = random.nextInt(16);
            rig.reads(last[block] == null ? new byte[4096] : last[block], 8L * block);
        }
        assertTrue(rig.other.heard.contains("parked"), "never parked");
    }

    @Test
    void itWaitsForAnImageThatAnotherHostHas() {
        start();
        rig.writes(data(1), 0);
        rig.suspendAndPark();
        int opened = rig.faulty.opened;
        try (Disk other = rig.open()) {
            assertTrue(other.info().sectors() > 0);
            rig.submitted(rig.frontend.claim().put(data(2)).write(0, 8));
            ParkingRig.until(() -> rig.host.error(rig.disk) != null);
            assertTrue(rig.host.error(rig.disk).startsWith("16 "), rig.host.error(rig.disk));
            assertEquals(opened, rig.faulty.opened);
            assertEquals("4", rig.host.dom0.readOrNull(rig.disk.backendPath() + "/state"));
        }
        rig.answered();
        ParkingRig.until(() -> rig.host.error(rig.disk) == null);
        rig.reads(data(2), 0);
    }

    @Test
    void itWaitsForTheWordOfTheOtherHosts() {
        start();
        rig.suspendAndPark();
        rig.other.refusal = "host b has it open";
        rig.submitted(rig.frontend.claim().put(data(2)).write(0, 8));
        ParkingRig.until(() -> rig.host.error(rig.disk) != null);
        assertEquals("16 host b has it open", rig.host.error(rig.disk));
        assertEquals(0, HostRig.descriptors(rig.image));
        rig.other.refusal = null;
        rig.answered();
    }

    @Test
    void anImageThatHasShrunkIsNotServed() throws IOException {
        start();
        rig.suspendAndPark();
        byte[] content = Files.readAllBytes(rig.image);
        Files.write(rig.image, new byte[ParkingRig.SIZE / 2]);
        rig.submitted(rig.frontend.claim().put(data(2)).write(0, 8));
        ParkingRig.until(() -> rig.host.error(rig.disk) != null);
        assertTrue(rig.host.error(rig.disk).contains("has 1024 sectors, and the guest was told of 2048"),
            rig.host.error(rig.disk));
        assertEquals(List.of(), rig.faulty.written);
        Files.write(rig.image, content);
        rig.answered();
        rig.reads(data(2), 0);
    }

    @Test
    void everyQueueIsWatched() {
        rig = new ParkingRig(dir, 2);
        assertEquals(2, rig.frontend.queueCount());
        for (int round = 0; round < 6; round++) {
            rig.suspendAndPark();
            var queue = rig.frontend.queue(round % 2);
            FrontRequest write = queue.claim().put(data(round)).write(8L * round, 8);
            assertEquals(0, queue.execute(write, PATIENCE_MS));
            queue.release(write);
        }
        for (int round = 0; round < 6; round++) {
            rig.reads(data(round), 8L * round);
        }
    }

    @Test
    void withoutAJournalNothingIsParked() throws IOException {
        Files.createFile(dir.resolve("journal"));
        start();
        rig.suspend();
        for (int i = 0; i < 20; i++) {
            rig.writes(data(i), 0);
        }
        assertEquals(List.of("granted", "opened"), rig.other.heard);
        Files.delete(dir.resolve("journal"));
    }

    @Test
    void aHandOverIsRefusedByName() throws Exception {
        start();
        rig.suspendAndPark();
        HandOver handOver = rig.host.conductor().handOver();
        List<HandOver.Candidate> found = handOver.suspend().get(PATIENCE_MS, TimeUnit.MILLISECONDS);
        assertEquals("vbd-1-51712", found.get(0).device());
        assertNotNull(found.get(0).blocker());
        assertTrue(found.get(0).blocker().contains("parked"), found.get(0).blocker());
        handOver.unsuspend();
        rig.writes(data(1), 0);
    }
}
