// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.xenstore.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.blkbackd.xenstore.Watch;
import org.blkbackd.xenstore.XenstoreException;
import org.blkbackd.xenstore.sim.SimXenstored;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The client against a xenstored that fails. */
@Timeout(60)
class ClientFaultTest {

    private static final ClientOptions PATIENT = ClientOptions.defaults().withReconnectWait(Duration.ofSeconds(20));

    @TempDir
    private Path directory;
    private SimXenstored sim;

    @BeforeEach
    void start() {
        sim = SimXenstored.start(directory);
    }

    @AfterEach
    void stop() {
        sim.close();
    }

    private static void await(String what, BooleanSupplier condition) throws InterruptedException {
        for (int i = 0; i < 2000 && !condition.getAsBoolean(); i++) {
            Thread.sleep(10);
        }
        assertTrue(condition.getAsBoolean(), what);
    }

    private static List<String> clientThreads() {
        return Thread.getAllStackTraces().keySet().stream().filter(Thread::isAlive).map(Thread::getName)
                .filter(name -> name.startsWith("xenstore-")).toList();
    }

    @Test
    void reconnectsAndRegistersItsWatchesAgain() throws InterruptedException {
        try (XenstoreClient client = XenstoreClient.connect(sim.socket(), PATIENT)) {
            EventLog kept = new EventLog();
            EventLog closed = new EventLog();
            client.watch("/kept", kept);
            Watch gone = client.watch("/closed", closed);
            kept.await("/kept");
            closed.await("/closed");
            gone.close();
            for (int round = 0; round < 5; round++) {
                sim.dropConnections();
                assertEquals("/kept", kept.next());
                client.write("/kept/a", Integer.toString(round));
                assertEquals("/kept/a", kept.next());
                assertEquals(1, sim.watchCount());
            }
            assertEquals(0, kept.waiting());
            assertEquals(0, closed.waiting());
        }
    }

    @Test
    void callsInFlightFailWhenTheConnectionIsLost() throws InterruptedException {
        try (XenstoreClient client = XenstoreClient.connect(sim.socket(), PATIENT)) {
            sim.hang();
            CompletableFuture<String> read = CompletableFuture.supplyAsync(() -> client.read("/"));
            // The call has to be in flight; that it is cannot be seen, so give it time and drop until it fails.
            Thread.sleep(100);
            sim.dropConnections();
            XenstoreException e = assertInstanceOf(XenstoreException.class,
                    assertThrows(CompletionException.class, read::join).getCause());
            assertTrue(e.isConnectionLost(), e.getMessage());
            sim.resume();
            assertEquals("", client.read("/"));
        }
    }

    @Test
    void callsFailAtOnceWhileThereIsNoXenstored() throws InterruptedException {
        try (XenstoreClient client = XenstoreClient.connect(sim.socket())) {
            EventLog log = new EventLog();
            client.watch("/a", log);
            log.await("/a");
            sim.close();
            await("calls fail", () -> {
                try {
                    client.read("/");
                    return false;
                } catch (XenstoreException e) {
                    return e.isConnectionLost();
                }
            });
            assertTrue(assertThrows(XenstoreException.class, () -> client.watch("/b", log)).isConnectionLost());
            assertTrue(assertThrows(XenstoreException.class, () -> client.transact(ops -> 1)).isConnectionLost());
            sim = SimXenstored.start(directory);
            assertEquals("/a", log.next());
            await("calls work again", () -> client.readOrNull("/tool") != null);
        }
    }

    @Test
    void aHangingXenstoredIsATimeout() {
        ClientOptions options = PATIENT.withCallTimeout(Duration.ofMillis(200));
        try (XenstoreClient client = XenstoreClient.connect(sim.socket(), options)) {
            sim.hang();
            XenstoreException e = assertThrows(XenstoreException.class, () -> client.read("/tool"));
            assertTrue(e.isConnectionLost());
            assertTrue(e.getMessage().contains("no answer after 200 ms"), e.getMessage());
            assertThrows(XenstoreException.class, () -> client.transact(ops -> 1));
            assertThrows(XenstoreException.class, () -> client.watch("/a", path -> { }));
            sim.resume();
        }
    }

    @Test
    void whatTimedOutLeavesNothingBehind() throws InterruptedException {
        ClientOptions options = PATIENT.withCallTimeout(Duration.ofMillis(200));
        try (XenstoreClient client = XenstoreClient.connect(sim.socket(), options)) {
            sim.hang();
            assertThrows(XenstoreException.class, () -> client.transact(ops -> 1));
            assertThrows(XenstoreException.class, () -> client.watch("/a", path -> { }));
            sim.resume();
            await("transactions end", () -> sim.transactionCount() == 0);
            await("watches end", () -> sim.watchCount() == 0);
            assertEquals(1, sim.connectionCount());
        }
    }

    @Test
    void aSlowXenstoredIsWaitedFor() {
        try (XenstoreClient client = XenstoreClient.connect(sim.socket())) {
            sim.delay(Duration.ofMillis(50));
            client.write("/a", "1");
            assertEquals("1", client.transact(ops -> ops.read("/a")));
        }
    }

    @Test
    void anEagainStormEndsAfterTheTriesAndTheNextCallWorks() {
        try (XenstoreClient client = XenstoreClient.connect(sim.socket())) {
            sim.failCommits(1000);
            int[] runs = {0};
            XenstoreException e = assertThrows(XenstoreException.class, () -> client.transact(ops -> runs[0]++));
            assertEquals("EAGAIN", e.error());
            assertEquals(50, runs[0]);
            assertEquals(950, sim.commitsToFail());
            sim.failCommits(49);
            assertEquals("done", client.transact(ops -> "done"));
            assertEquals(0, sim.transactionCount());
        }
    }

    @Test
    void aCallerMaySayHowOftenItIsTried() {
        try (XenstoreClient client = XenstoreClient.connect(sim.socket())) {
            sim.failCommits(1000);
            int[] runs = {0};
            XenstoreException e = assertThrows(XenstoreException.class, () -> client.transact(3, ops -> runs[0]++));
            assertEquals("EAGAIN", e.error());
            assertEquals(3, runs[0]);
            sim.failCommits(2);
            assertEquals("done", client.transact(3, ops -> "done"));
        }
    }

    @Test
    void aThousandEagainsInARowAreBoundedPerCall() {
        ClientOptions options = new ClientOptions(Duration.ofSeconds(10), Duration.ofSeconds(5), Duration.ZERO,
                Duration.ofMillis(20), Duration.ofSeconds(2), 10);
        try (XenstoreClient client = XenstoreClient.connect(sim.socket(), options)) {
            sim.failCommits(95);
            int failed = 0;
            while (sim.commitsToFail() > 0) {
                int before = sim.commitsToFail();
                try {
                    client.transact(ops -> 1);
                } catch (XenstoreException e) {
                    failed++;
                }
                assertTrue(before - sim.commitsToFail() <= 10);
            }
            assertEquals(9, failed);
            assertEquals("done", client.transact(ops -> "done"));
        }
    }

    @Test
    void aTransactionEndsWithItsConnection() {
        try (XenstoreClient client = XenstoreClient.connect(sim.socket(), PATIENT)) {
            XenstoreException e = assertThrows(XenstoreException.class, () -> client.transact(ops -> {
                ops.write("/a", "1");
                sim.dropConnections();
                ops.write("/b", "1");
                return null;
            }));
            assertTrue(e.isConnectionLost());
            assertEquals(null, client.readOrNull("/a"));
        }
    }

    @Test
    void aFlappingNodeCostsOneEntryPerPath() throws InterruptedException {
        try (XenstoreClient client = XenstoreClient.connect(sim.socket());
                XenstoreClient guest = XenstoreClient.connect(sim.socket())) {
            CountDownLatch busy = new CountDownLatch(1);
            CountDownLatch go = new CountDownLatch(1);
            EventLog log = new EventLog();
            client.watch("/blocker", path -> {
                busy.countDown();
                awaitLatch(go);
            });
            assertTrue(busy.await(20, TimeUnit.SECONDS));
            client.watch("/flapping", log);
            for (int i = 0; i < 2000; i++) {
                guest.write("/flapping/state", Integer.toString(i));
            }
            // Its reply follows all events of the writes above.
            client.read("/tool");
            go.countDown();
            assertEquals("/flapping", log.next());
            assertEquals("/flapping/state", log.next());
            EventLog fence = new EventLog();
            client.watch("/fence", fence);
            fence.next();
            assertEquals(0, log.waiting());
        }
    }

    @Test
    void endlessNewNamesEndAsTheWatchedPath() throws InterruptedException {
        try (XenstoreClient client = XenstoreClient.connect(sim.socket());
                XenstoreClient guest = XenstoreClient.connect(sim.socket())) {
            CountDownLatch busy = new CountDownLatch(1);
            CountDownLatch go = new CountDownLatch(1);
            EventLog log = new EventLog();
            client.watch("/blocker", path -> {
                busy.countDown();
                awaitLatch(go);
            });
            assertTrue(busy.await(20, TimeUnit.SECONDS));
            client.watch("/names", log);
            int names = WatchDispatcher.MOST_PATHS + 500;
            for (int i = 0; i < names; i++) {
                guest.write("/names/n" + i, "");
                guest.remove("/names/n" + i);
            }
            client.read("/tool");
            go.countDown();
            EventLog fence = new EventLog();
            client.watch("/fence", fence);
            fence.next();
            assertEquals(WatchDispatcher.MOST_PATHS, log.waiting());
            assertEquals("/names", log.next());
            assertEquals("/names/n0", log.next());
        }
    }

    private static void awaitLatch(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void aListenerMayNotCallAndMayFail() {
        try (XenstoreClient client = XenstoreClient.connect(sim.socket())) {
            CompletableFuture<Throwable> thrown = new CompletableFuture<>();
            client.watch("/a", path -> {
                try {
                    client.read("/tool");
                } catch (IllegalStateException e) {
                    thrown.complete(e);
                    throw e;
                }
            });
            assertInstanceOf(IllegalStateException.class, thrown.join());
            EventLog log = new EventLog();
            client.watch("/b", log);
            assertEquals("/b", log.next());
        }
    }

    @Test
    void afterCloseNoThreadIsLeft() throws InterruptedException {
        XenstoreClient client = XenstoreClient.connect(sim.socket());
        XenstoreClient device = XenstoreClient.connect(DeviceContractTest.transport(sim.socket()), PATIENT);
        client.watch("/a", path -> { });
        assertTrue(clientThreads().size() >= 6, clientThreads()::toString);
        client.close();
        client.close();
        device.close();
        assertEquals(List.of(), clientThreads());
        assertTrue(assertThrows(XenstoreException.class, () -> client.read("/")).isConnectionLost());
        await("xenstored sees the end", () -> sim.connectionCount() == 0);
    }

    @Test
    void closingWhileDisconnectedEndsTheAttempts() {
        XenstoreClient client = XenstoreClient.connect(sim.socket());
        sim.close();
        client.close();
        assertEquals(List.of(), clientThreads());
    }
}
