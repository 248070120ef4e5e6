// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.device;

import static org.awaitility.Awaitility.await;
import static org.blkbackd.blkback.device.HostRig.PATIENCE_MS;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.blkbackd.blkback.sim.DiskConfig;
import org.blkbackd.blkback.sim.FrontRequest;
import org.blkbackd.blkback.sim.FrontResponse;
import org.blkbackd.blkback.sim.FrontRing;
import org.blkbackd.blkback.sim.FrontendConfig;
import org.blkbackd.blkback.sim.SimFrontend;
import org.blkbackd.grant.sim.SimFaults;
import org.blkbackd.ioengine.IoRequest.Operation;
import org.blkbackd.xenstore.Watch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A guest that is connected while its daemon goes and another comes. */
class SuccessionTest {

    private static final int SIZE = 1 << 20;
    private static final int ENOSPC = 28;
    private static final int EIO = 5;

    @TempDir
    private Path dir;
    private final FaultyFiles faulty = new FaultyFiles();
    private final List<String> states = new CopyOnWriteArrayList<>();
    private HostRig host;
    private DiskConfig disk;
    private SimFrontend frontend;
    private Watch watch;

    @BeforeEach
    void start() {
        host = new HostRig(dir, faulty);
        Path image = host.image("a.img", SIZE);
        disk = DiskConfig.vbd(1, "xvda", "faulty:" + image);
        frontend = host.connected(disk);
        watch = host.guest(1).watch(disk.backendPath() + "/state",
            path -> states.add(String.valueOf(host.dom0.readOrNull(path))));
        await().until(() -> !states.isEmpty());
    }

    @AfterEach
    void leavesNothing() {
        watch.close();
        host.toolstack.detachForced(disk);
        frontend.crash();
        host.nothingIsLeft();
        await().until(() -> journals() == 0);
        host.close();
    }

    private long journals() {
        try (Stream<Path> files = Files.list(dir.resolve("journal"))) {
            return files.count();
        } catch (IOException e) {
            return 0;
        }
    }

    private void neverLeftConnected() {
        assertEquals(List.of("4"), states.stream().distinct().toList());
        assertEquals(0, frontend.violations());
    }

    private FrontRequest submitted(FrontRequest request) {
        frontend.submit(request);
        frontend.kick();
        return request;
    }

    /** Waits for an answer, without telling the backend anything. */
    private FrontRequest answer() {
        FrontRequest[] answered = new FrontRequest[1];
        await().atMost(PATIENCE_MS, TimeUnit.MILLISECONDS).until(() -> (answered[0] = frontend.reap()) != null);
        return answered[0];
    }

    @Test
    void requestsThatCameWhileNobodyServedAreAnswered() {
        byte[] data = new byte[4096];
        new Random(1).nextBytes(data);
        for (int round = 0; round < 3; round++) {
            host.stopDaemon();
            assertEquals(0, host.domain(1).mappedGrants());
            submitted(frontend.claim().put(data).write(8L * round, 8));
            host.startDaemon();
            FrontRequest done = answer();
            assertEquals(0, done.status());
            frontend.release(done);
        }
        FrontRequest read = frontend.claim().read(16, 8);
        assertEquals(0, frontend.execute(read, PATIENCE_MS));
        byte[] found = new byte[4096];
        read.get(found);
        assertArrayEquals(data, found);
        neverLeftConnected();
    }

    @Test
    void whatIsHeldSurvivesAndIsTriedInItsOrder() {
        faulty.disk.faults().fail(Operation.WRITE, ENOSPC);
        List<Long> sectors = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            sectors.add((long) (i * 5 % 8) * 8);
            submitted(frontend.claim().put(new byte[4096]).write(sectors.get(i), 8));
        }
        await().until(() -> host.held(0) == 8);
        host.stopDaemon();
        assertEquals(1, journals());
        host.startDaemon();
        for (int i = 0; i < 8; i++) {
            FrontRequest done = answer();
            assertEquals(0, done.status());
            frontend.release(done);
        }
        assertEquals(sectors, faulty.written.stream().map(offset -> offset / 512).toList());
        neverLeftConnected();
    }

    @Test
    void whatIsHeldForWantOfSpaceIsTriedAgainByItself() {
        faulty.disk.faults().fail(Operation.WRITE, ENOSPC);
        submitted(frontend.claim().put(new byte[4096]).write(0, 8));
        await().until(() -> host.held(0) == 1);
        FrontRequest read = frontend.claim().read(8, 8);
        assertEquals(0, frontend.execute(read, PATIENCE_MS), "what the storage still does is served");
        frontend.release(read);
        faulty.disk.faults().heal();
        assertEquals(0, answer().status());
        await().until(() -> host.held(0) == 0);
    }

    @Test
    void aHeldFlushIsDoneOnceTheDiskIsOpenedAnew() throws Exception {
        faulty.disk.faults().fail(Operation.FLUSH, EIO);
        submitted(frontend.claim().flush());
        await().until(() -> host.held(0) == 1);
        assertEquals(1, faulty.opened);
        assertEquals(1, retry());
        assertEquals(0, answer().status());
        await().until(() -> host.held(0) == 0);
        assertEquals(2, faulty.opened);
        neverLeftConnected();
    }

    private long retry() throws Exception {
        VbdTrouble.Retried retried = host.retry(disk);
        assertEquals(null, retried.failure());
        return retried.requests();
    }

    @Test
    void aHeldDiskThatIsTakenAwayAnswersWithErrors() {
        faulty.disk.faults().fail(Operation.WRITE, ENOSPC);
        submitted(frontend.claim().put(new byte[4096]).write(0, 8));
        await().until(() -> host.held(0) == 1);
        FrontRing ring = frontend.ring();
        host.toolstack.detachForced(disk);
        FrontResponse response = new FrontResponse();
        await().until(() -> ring.take(response));
        assertEquals(-1, response.status());
    }

    @Test
    void withoutAJournalAnIdleRingIsTakenUp() throws IOException {
        host.stopDaemon();
        removeJournals();
        host.startDaemon();
        await().until(() -> host.domain(1).mappedGrants() > 0);
        FrontRequest read = frontend.claim().read(0, 8);
        assertEquals(0, frontend.execute(read, PATIENCE_MS));
        assertEquals(1, journals());
        neverLeftConnected();
    }

    @Test
    void withoutAJournalABusyRingIsLeftAlone() throws IOException {
        faulty.disk.faults().fail(Operation.WRITE, ENOSPC);
        submitted(frontend.claim().put(new byte[4096]).write(0, 8));
        await().until(() -> host.held(0) == 1);
        host.stopDaemon();
        removeJournals();
        host.startDaemon();
        await().until(() -> host.error(disk) != null);
        assertTrue(host.error(disk).contains("there is no journal"), host.error(disk));
        neverLeftConnected();
    }

    private void removeJournals() throws IOException {
        try (Stream<Path> files = Files.list(dir.resolve("journal"))) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
        }
    }

    @Test
    void aDamagedJournalIsSaidAndNothingIsTouched() throws IOException {
        host.stopDaemon();
        Path journal = dir.resolve("journal/vbd-1-51712.0");
        byte[] bytes = Files.readAllBytes(journal);
        bytes[20] ^= 4;
        Files.write(journal, bytes);
        host.startDaemon();
        await().until(() -> host.error(disk) != null);
        assertTrue(host.error(disk).contains("vbd-1-51712.0"), host.error(disk));
        neverLeftConnected();
    }

    @Test
    void theJournalOfAnotherConnectionIsNotBelieved() {
        host.stopDaemon();
        host.dom0.write(disk.backendPath() + "/blkbackd-connection", "0".repeat(32));
        host.startDaemon();
        // the ring is idle, so it can be taken up without
        await().until(() -> host.domain(1).mappedGrants() > 0);
        FrontRequest read = frontend.claim().read(0, 8);
        assertEquals(0, frontend.execute(read, PATIENCE_MS));
    }

    @Test
    void aSuccessorThatCannotMapTheRingsTriesAgainAndNothingIsLost() {
        DiskConfig other = DiskConfig.vbd(1, "xvdb", "faulty:" + host.image("b.img", SIZE));
        host.toolstack.attach(other);
        SimFrontend two = new SimFrontend(host.guest(1), host.domain(1),
            FrontendConfig.of(other.devid()).withQueues(2));
        two.connect(PATIENCE_MS);
        assertEquals(2, two.queueCount());
        faulty.disk.faults().fail(Operation.WRITE, ENOSPC);
        two.queues().forEach(queue -> {
            queue.submit(queue.claim().put(new byte[512]).write(0, 1));
            queue.kick();
        });
        await().until(() -> host.held(1) == 2);
        host.stopDaemon();
        // of either disk: as often as there are rings, and again
        host.hypervisor.faults().failCalls(SimFaults.Call.MAP, 1, EIO, SimFaults.FOREVER);
        host.startDaemon();
        await().until(() -> host.error(other) != null && host.error(disk) != null);
        host.hypervisor.faults().clear();
        two.queues().forEach(queue -> await().atMost(PATIENCE_MS, TimeUnit.MILLISECONDS).until(() -> {
            FrontRequest done = queue.reap();
            return done != null && done.status() == 0;
        }));
        await().until(() -> host.error(other) == null && host.error(disk) == null);
        assertEquals(0, two.violations());
        host.toolstack.detachForced(other);
        two.crash();
        neverLeftConnected();
    }

    @Test
    void whatIsLeftOfADiskThatWentWhileNobodyServedIsRemoved() {
        host.stopDaemon();
        host.dom0.write("/local/domain/0/error/backend/vbd/1/" + disk.devid() + "/error", "5 long ago");
        frontend.crash();
        host.dom0.remove(disk.backendPath());
        host.startDaemon();
        await().until(() -> journals() == 0 && host.error(disk) == null);
    }

    @Test
    void aDeviceChangesHandsAndComesBack() throws Exception {
        HandOver handOver = host.conductor().handOver();
        for (int round = 0; round < 3; round++) {
            List<HandOver.Candidate> candidates = handOver.suspend().get(PATIENCE_MS, TimeUnit.MILLISECONDS);
            assertEquals(1, candidates.size());
            assertEquals(null, candidates.get(0).blocker());
            String device = candidates.get(0).device();
            handOver.release(device).get(PATIENCE_MS, TimeUnit.MILLISECONDS);
            assertEquals(0, host.domain(1).mappedGrants());
            submitted(frontend.claim().put(new byte[512]).write(round, 1));
            handOver.resume(device).get(PATIENCE_MS, TimeUnit.MILLISECONDS);
            handOver.unsuspend();
            FrontRequest done = answer();
            assertEquals(0, done.status());
            frontend.release(done);
        }
        neverLeftConnected();
        assertThrows(ExecutionException.class, () -> handOver.release("vbd-9-9").get(PATIENCE_MS,
            TimeUnit.MILLISECONDS));
    }
}
