// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.sim;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.blkbackd.blkback.blkif.Blkif;
import org.blkbackd.grant.sim.SimDomain;
import org.blkbackd.grant.sim.SimHypervisor;
import org.blkbackd.xenstore.Xenstore;
import org.blkbackd.xenstore.client.XenstoreClient;
import org.blkbackd.xenstore.sim.SimXenstored;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Frontend and toolstack against a backend double that is honest, or wrong in one way. */
class SimFrontendTest {

    private static final long PATIENCE_MS = 10_000;
    private static final DiskConfig DISK = DiskConfig.vbd(7, "xvda", "/srv/a.img");
    private static final String FE_STATE = DISK.frontendPath() + "/state";
    private static final String BE_STATE = DISK.backendPath() + "/state";

    @TempDir
    private Path folder;
    private SimXenstored xenstored;
    private Xenstore xenstore;
    private Xenstore guest;
    private SimToolstack toolstack;
    private SimHypervisor hypervisor;
    private SimDomain domain;
    private DoubleBackend backend;
    private SimFrontend frontend;

    @BeforeEach
    void open() {
        hypervisor = SimHypervisor.open(folder.resolve("hypervisor"));
        domain = hypervisor.domain(7);
        xenstored = SimXenstored.start(folder);
        xenstored.introduce(7);
        xenstore = XenstoreClient.connect(xenstored.socket());
        guest = XenstoreClient.connect(xenstored.socket(7));
        toolstack = new SimToolstack(xenstore);
        toolstack.createDomain(7);
    }

    @AfterEach
    void closeAll() throws InterruptedException {
        if (backend != null) {
            backend.close();
        }
        domain.destroy();
        hypervisor.close();
        guest.close();
        xenstore.close();
        xenstored.close();
    }

    private void attach(DiskConfig disk, DoubleBackend.Fault fault) {
        backend = new DoubleBackend(xenstore, hypervisor, disk, fault);
        toolstack.attach(disk);
        frontend = new SimFrontend(guest, domain, FrontendConfig.of(disk.devid()));
    }

    private void connect(DoubleBackend.Fault fault) {
        attach(DISK, fault);
        frontend.connect(PATIENCE_MS);
    }

    private void makeBackendFaulty(DoubleBackend.Fault fault) {
        backend.fault = fault;
    }

    @Test
    void connectsAndLearnsTheDisk() {
        connect(DoubleBackend.Fault.NONE);
        assertTrue(frontend.isConnected());
        assertEquals("4", xenstore.read(FE_STATE));
        assertEquals(DoubleBackend.SECTORS, frontend.disk().sectors());
        assertEquals(512, frontend.disk().sectorSize());
        assertEquals(512, frontend.disk().physicalSectorSize());
        assertTrue(frontend.disk().flush());
        assertFalse(frontend.disk().barrier());
        assertFalse(frontend.disk().isReadOnly());
        assertEquals(1, domain.mappedGrants());
        assertEquals(1 + 32 * 11, domain.grantsInUse());
    }

    @Test
    void dataGoesThereAndBackWithEveryRequestInFlight() {
        connect(DoubleBackend.Fault.NONE);
        dataGoesThereAndBack(9);
    }

    @Test
    void a32BitGuestIsServedTheSame() {
        attach(DISK, DoubleBackend.Fault.NONE);
        frontend = new SimFrontend(guest, domain, FrontendConfig.x86With32Bits(DISK.devid()));
        frontend.connect(PATIENCE_MS);
        dataGoesThereAndBack(10);
    }

    private void dataGoesThereAndBack(long seed) {
        byte[][] data = new byte[20][];
        Random random = new Random(seed);
        for (int round = 0; round < 2; round++) {
            for (int i = 0; i < data.length; i++) {
                FrontRequest request = frontend.claim();
                request.tag(i);
                if (round == 0) {
                    data[i] = new byte[512 * (1 + random.nextInt(88))];
                    random.nextBytes(data[i]);
                    request.put(data[i]).write(i * 100L, data[i].length / 512);
                } else {
                    request.read(i * 100L, data[i].length / 512);
                }
                assertEquals(data[i].length / 512, request.sectors());
                frontend.submit(request);
            }
            frontend.kick();
            for (int i = 0; i < data.length; i++) {
                assertTrue(frontend.await(PATIENCE_MS));
                FrontRequest answered = frontend.reap();
                assertTrue(answered.isOkay());
                if (round == 1) {
                    byte[] read = new byte[data[(int) answered.tag()].length];
                    answered.get(read);
                    assertArrayEquals(data[(int) answered.tag()], read, "seed " + seed);
                }
                frontend.release(answered);
            }
            assertEquals(0, frontend.inFlight());
            assertNull(frontend.reap());
        }
        assertEquals(0, frontend.violations());
    }

    @Test
    void noMoreThanTheDepthCanBeClaimedAndNothingReleasedTwice() {
        attach(DISK, DoubleBackend.Fault.NONE);
        frontend = new SimFrontend(guest, domain, FrontendConfig.of(DISK.devid()).limit(2, 1));
        frontend.connect(PATIENCE_MS);
        FrontRequest one = frontend.claim();
        frontend.claim();
        assertNull(frontend.claim());
        frontend.release(one);
        assertThrows(IllegalArgumentException.class, () -> frontend.release(one));
        assertThrows(IllegalArgumentException.class, () -> frontend.submit(one));
        assertThrows(IllegalArgumentException.class, () -> one.write(0, 9));
    }

    @Test
    void manyRequestsOneAtATimeLoseNoWakeUp() {
        connect(DoubleBackend.Fault.NONE);
        for (int i = 0; i < 2000; i++) {
            FrontRequest request = frontend.claim().flush();
            assertEquals(Blkif.RSP_OKAY, frontend.execute(request, PATIENCE_MS));
            frontend.release(request);
        }
    }

    @ParameterizedTest
    @EnumSource(value = DoubleBackend.Fault.class,
        names = {"WRONG_ID", "TWICE", "WRONG_OPERATION", "SENSELESS_STATUS"})
    void aWrongAnswerIsAViolation(DoubleBackend.Fault fault) {
        connect(fault);
        FrontRequest request = frontend.claim().flush();
        assertThrows(ProtocolViolation.class, () -> {
            frontend.execute(request, PATIENCE_MS);
            // The second of two answers may come later.
            frontend.await(PATIENCE_MS);
        });
        assertEquals(1, frontend.violations());
    }

    @Test
    void anErrorIsAnAnswerLikeAnyOther() {
        connect(DoubleBackend.Fault.NONE);
        FrontRequest request = frontend.claim().read(DoubleBackend.SECTORS, 1);
        assertEquals(Blkif.RSP_ERROR, frontend.execute(request, PATIENCE_MS));
        assertFalse(request.isOkay());
        frontend.release(request);
        FrontRequest unknown = frontend.claim().prepare(77, 0);
        assertEquals(Blkif.RSP_EOPNOTSUPP, frontend.execute(unknown, PATIENCE_MS));
    }

    @Test
    void silenceIsNoAnswer() {
        connect(DoubleBackend.Fault.NO_ANSWER);
        FrontRequest request = frontend.claim().flush();
        assertThrows(FrontendException.class, () -> frontend.execute(request, 50));
        assertEquals(1, frontend.inFlight());
    }

    @Test
    void closesInOrderAndGivesEverythingBack() {
        connect(DoubleBackend.Fault.NONE);
        frontend.close();
        assertTrue(frontend.isClosed());
        assertEquals("6", xenstore.read(FE_STATE));
        assertEquals("6", xenstore.read(BE_STATE));
        assertEquals(0, domain.grantsInUse());
        assertThrows(FrontendException.class, frontend::claim);
    }

    @Test
    void aBackendThatKeepsTheRingMappedIsFoundOut() {
        connect(DoubleBackend.Fault.KEEPS_RING);
        assertThrows(ProtocolViolation.class, frontend::close);
        assertEquals(1, frontend.violations());
        assertEquals(1, frontend.stillMapped());
        assertTrue(domain.grantsInUse() > 0);
    }

    @Test
    void aBackendThatNeverClosesIsReported() {
        connect(DoubleBackend.Fault.NEVER_CLOSES);
        FrontendException failure = assertThrows(FrontendException.class, () -> frontend.close(300));
        assertTrue(failure.getMessage().endsWith("is in state 5, not 6"), failure.getMessage());
    }

    @Test
    void afterAnOrderlyCloseANewKernelConnects() {
        connect(DoubleBackend.Fault.NONE);
        frontend.close();
        frontend.kexecReconnect(PATIENCE_MS);
        dataGoesThereAndBack(11);
        frontend.close();
        assertEquals(0, domain.grantsInUse());
    }

    @Test
    void aCrashKernelTakesTheBackendThroughEveryState() {
        connect(DoubleBackend.Fault.NONE);
        frontend.submit(frontend.claim().flush());
        frontend.crash();
        assertEquals(1, frontend.lost());
        assertEquals("4", xenstore.read(FE_STATE));
        assertEquals(1, frontend.stillMapped());
        frontend.kexecReconnect(PATIENCE_MS);
        assertEquals(0, frontend.stillMapped());
        dataGoesThereAndBack(12);
    }

    @Test
    void aDetachIsFollowedByTheGuest() throws Exception {
        connect(DoubleBackend.Fault.NONE);
        CompletableFuture<Void> detached = CompletableFuture.runAsync(() -> toolstack.detach(DISK));
        assertTrue(frontend.awaitClosed(PATIENCE_MS));
        detached.get(PATIENCE_MS, TimeUnit.MILLISECONDS);
        assertEquals(0, frontend.lost());
        assertEquals(0, domain.grantsInUse());
        assertNull(xenstore.readOrNull(BE_STATE));
        assertNull(xenstore.readOrNull(FE_STATE));
    }

    @Test
    void aDetachWaitsForWhatIsInFlight() throws Exception {
        connect(DoubleBackend.Fault.NO_ANSWER);
        frontend.submit(frontend.claim().flush());
        frontend.kick();
        CompletableFuture<Void> detached = CompletableFuture.runAsync(() -> toolstack.detach(DISK));
        assertFalse(frontend.awaitClosed(200));
        assertFalse(detached.isDone());
        assertEquals("5", xenstore.read(FE_STATE));
        makeBackendFaulty(DoubleBackend.Fault.NONE);
        assertTrue(frontend.await(PATIENCE_MS), "the answer still comes");
        FrontRequest answered = frontend.reap();
        assertTrue(answered.isOkay());
        frontend.release(answered);
        assertTrue(frontend.awaitClosed(PATIENCE_MS));
        detached.get(PATIENCE_MS, TimeUnit.MILLISECONDS);
        assertEquals(0, frontend.lost());
    }

    @Test
    void aForcedDetachLosesWhatIsInFlight() throws Exception {
        connect(DoubleBackend.Fault.NO_ANSWER);
        frontend.submit(frontend.claim().flush());
        frontend.kick();
        CompletableFuture<Void> detached = CompletableFuture.runAsync(() -> toolstack.detachForced(DISK));
        assertTrue(frontend.awaitClosed(PATIENCE_MS));
        detached.get(PATIENCE_MS, TimeUnit.MILLISECONDS);
        assertEquals(1, frontend.lost());
        assertNull(xenstore.readOrNull(FE_STATE), "the guest made its directory again");
        assertEquals(0, frontend.stillMapped());
        assertEquals(0, domain.grantsInUse());
    }

    @Test
    void aBackendThatIsRemovedWithoutAWordEndsTheDevice() {
        connect(DoubleBackend.Fault.NO_ANSWER);
        frontend.submit(frontend.claim().flush());
        frontend.kick();
        xenstore.remove("/local/domain/0/backend");
        assertTrue(frontend.awaitClosed(PATIENCE_MS));
        assertEquals(1, frontend.lost());
        assertEquals("6", xenstore.read(FE_STATE));
        assertEquals(1, frontend.stillMapped());
    }

    @Test
    void aResizeIsSeen() {
        connect(DoubleBackend.Fault.NONE);
        xenstore.transact(store -> {
            store.write(DISK.backendPath() + "/sectors", "4096");
            store.write(BE_STATE, "4");
            return null;
        });
        for (int i = 0; i < 1000 && frontend.disk().sectors() != 4096; i++) {
            frontend.await(10);
        }
        assertEquals(4096, frontend.disk().sectors());
    }

    @Test
    void aReadOnlyDiskSaysSo() {
        attach(DISK.asReadOnly(), DoubleBackend.Fault.NONE);
        frontend.connect(PATIENCE_MS);
        assertTrue(frontend.disk().isReadOnly());
        assertEquals(Blkif.RSP_ERROR, frontend.execute(frontend.claim().write(0, 1), PATIENCE_MS));
    }

    @Test
    void aBackendThatClosesInsteadOfConnectingEndsTheConnect() {
        attach(DISK, DoubleBackend.Fault.NONE);
        frontend.offer();
        frontend.awaitConnected(PATIENCE_MS);
        assertThrows(FrontendException.class, () -> frontend.connect(50), "it is at 4 already");
        xenstore.write(BE_STATE, "5");
        assertThrows(FrontendException.class, () -> frontend.awaitConnected(PATIENCE_MS));
        assertTrue(frontend.isClosed());
        assertEquals("6", xenstore.read(FE_STATE));
    }
}
