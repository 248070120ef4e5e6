// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.sim;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.blkbackd.xenstore.Watch;
import org.blkbackd.xenstore.Xenstore;
import org.blkbackd.xenstore.client.XenstoreClient;
import org.blkbackd.xenstore.sim.SimXenstored;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The nodes and their order are those of libxl of Xen 4.17; each test plays the backend by hand. */
class SimToolstackTest {

    private static final DiskConfig VBD = DiskConfig.vbd(7, "xvdb", "direct:/srv/a.img");
    private static final DiskConfig QDISK = DiskConfig.qdisk(7, "xvda", "/srv/b.img");
    private static final String BE = "/local/domain/0/backend/vbd/7/51728";
    private static final String FE = "/local/domain/7/device/vbd/51728";
    private static final String LIBXL = "/libxl/7/device/vbd/51728";
    private static final String QBE = "/local/domain/0/backend/qdisk/7/51712";

    @TempDir
    private Path folder;
    private final ExecutorService actors = Executors.newSingleThreadExecutor();
    private final List<Watch> watches = new ArrayList<>();
    private SimXenstored xenstored;
    private Xenstore xenstore;
    private SimToolstack toolstack;
    private SimToolstack hasty;

    @BeforeEach
    void createGuest() {
        xenstored = SimXenstored.start(folder);
        xenstored.introduce(7);
        xenstore = XenstoreClient.connect(xenstored.socket());
        toolstack = new SimToolstack(xenstore, new ToolstackTimeouts(10_000, 10_000, 10_000));
        hasty = new SimToolstack(xenstore, new ToolstackTimeouts(200, 200, 200));
        toolstack.createDomain(7);
    }

    @AfterEach
    void close() throws InterruptedException {
        watches.forEach(Watch::close);
        actors.shutdown();
        assertTrue(actors.awaitTermination(10, TimeUnit.SECONDS));
        xenstore.close();
        xenstored.close();
    }

    private Map<String, String> children(String path) {
        Map<String, String> nodes = new TreeMap<>();
        xenstore.directory(path).forEach(name -> nodes.put(name, xenstore.read(path + "/" + name)));
        return nodes;
    }

    /** Whenever {@code path} reads {@code expected}, {@code action} runs on another thread. */
    private void when(String path, String expected, Runnable action) {
        watches.add(xenstore.watch(path, changed -> actors.execute(() -> {
            if (Objects.equals(expected, xenstore.readOrNull(path))) {
                action.run();
            }
        })));
    }

    private void answer(String path, String expected, String value) {
        when(path, expected, () -> xenstore.write(path, value));
    }

    private static Map<String, String> nodes(String... pairs) {
        Map<String, String> nodes = new TreeMap<>();
        for (int i = 0; i < pairs.length; i += 2) {
            nodes.put(pairs[i], pairs[i + 1]);
        }
        return nodes;
    }

    @Test
    void writesTheNodesOfAPhyDiskWithAScript() {
        answer(BE + "/state", "1", "2");
        when(BE + "/state", "2", () -> xenstore.write(BE + "/blkbackd-status", "ready"));
        toolstack.attach(VBD);
        Map<String, String> backend = nodes("frontend", FE, "params", "direct:/srv/a.img",
            "script", "/etc/xen/scripts/block-blkbackd", "frontend-id", "7", "online", "1", "removable", "0",
            "bootable", "1", "state", "2", "dev", "xvdb", "type", "phy", "mode", "w", "device-type", "disk",
            "discard-enable", "1", "specification", "xen");
        Map<String, String> written = children(BE);
        assertEquals("ready", written.remove("blkbackd-status"));
        assertEquals("connected", written.remove("hotplug-status"));
        assertEquals(backend, written);
        assertEquals(nodes("backend", BE, "backend-id", "0", "state", "1", "virtual-device", "51728",
            "device-type", "disk", "trusted", "1", "protocol", "x86_64-abi"), children(FE));
        backend.put("backend", BE);
        backend.put("state", "1");
        assertEquals(backend, children(LIBXL));
    }

    @Test
    void writesTheNodesOfAReadOnlyQdiskAndWaitsForNobody() {
        hasty.attach(QDISK.asReadOnly());
        assertEquals(nodes("frontend", "/local/domain/7/device/vbd/51712", "params", "aio:/srv/b.img",
            "frontend-id", "7", "online", "1", "removable", "0", "bootable", "1", "state", "1", "dev", "xvda",
            "type", "qdisk", "mode", "r", "device-type", "disk", "discard-enable", "0", "specification", "xen"),
            children(QBE));
        assertEquals(QBE, xenstore.read("/local/domain/7/device/vbd/51712/backend"));
        assertEquals("1", xenstore.read("/libxl/7/device/vbd/51712/state"));
    }

    @Test
    void eachSideMayReadTheOthersDirectoryAndWriteItsOwn() {
        toolstack.attach(QDISK);
        assertEquals("[n0, r7]", xenstore.permissions(QBE).toString());
        assertEquals("[n0, r7]", xenstore.permissions(QBE + "/state").toString());
        assertEquals("[n7, r0]", xenstore.permissions("/local/domain/7/device/vbd/51712").toString());
        assertEquals("[n7, r0]", xenstore.permissions("/local/domain/7/device/vbd/51712/state").toString());
        assertEquals("[n7, r0]", xenstore.permissions("/local/domain/7/device/vbd/51712/backend").toString());
        assertEquals("[n0]", xenstore.permissions("/libxl/7/device/vbd/51712/params").toString());
        assertEquals("[n0, r7]", xenstore.permissions("/local/domain/7").toString());
        assertEquals("[n0, r7]", xenstore.permissions("/local/domain/7/device").toString());
        assertEquals("[n7]", xenstore.permissions("/local/domain/7/data").toString());
    }

    @Test
    void aBackendThatIsNotAtExactly2FailsTheAttachAndLeavesTheNodes() {
        answer(BE + "/state", "1", "4");
        ToolstackException failure = assertThrows(ToolstackException.class, () -> hasty.attach(VBD));
        assertEquals("unable to add device with path " + BE + ": its state is 4, not 2", failure.getMessage());
        assertEquals("4", xenstore.read(BE + "/state"));
    }

    @Test
    void aScriptErrorReachesTheUser() {
        answer(BE + "/state", "1", "2");
        when(BE + "/state", "2", () -> {
            xenstore.write(BE + "/hotplug-error", "no such image");
            xenstore.write(BE + "/blkbackd-status", "error");
        });
        ToolstackException failure = assertThrows(ToolstackException.class, () -> toolstack.attach(VBD));
        assertEquals("xvdb: script: no such image", failure.getMessage());
        assertEquals("error", xenstore.read(BE + "/hotplug-status"));
    }

    @Test
    void aDaemonThatSaysNothingIsAScriptError() {
        answer(BE + "/state", "1", "2");
        ToolstackException failure = assertThrows(ToolstackException.class, () -> hasty.attach(VBD));
        assertEquals("xvdb: script: blkbackd does not answer for " + BE + ": is it running?", failure.getMessage());
        assertEquals("error", xenstore.read(BE + "/hotplug-status"));
    }

    @Test
    void detachAsksForClosingAndRemovesEverythingAt6() {
        toolstack.attach(QDISK);
        xenstore.write(QBE + "/state", "4");
        CompletableFuture<String> online = new CompletableFuture<>();
        when(QBE + "/state", "5", () -> {
            online.complete(xenstore.read(QBE + "/online"));
            xenstore.write(QBE + "/state", "6");
        });
        toolstack.detach(QDISK);
        assertEquals("0", online.join());
        assertNothingIsLeft();
    }

    private void assertNothingIsLeft() {
        assertNull(xenstore.readOrNull("/local/domain/0/backend"), "empty parents go, too");
        assertNull(xenstore.readOrNull("/local/domain/7/device"));
        assertNull(xenstore.readOrNull("/libxl/7/device"));
        assertEquals("guest-7", xenstore.read("/local/domain/7/name"));
    }

    @Test
    void aClosedBackendIsNotWrittenTo() {
        toolstack.attach(QDISK);
        xenstore.write(QBE + "/state", "6");
        // Nobody would answer a 5.
        hasty.detach(QDISK);
        assertNothingIsLeft();
    }

    @Test
    void aDetachThatTheBackendIgnoresLeavesTheNodes() {
        toolstack.attach(QDISK);
        xenstore.write(QBE + "/state", "4");
        ToolstackException failure = assertThrows(ToolstackException.class, () -> hasty.detach(QDISK));
        assertTrue(failure.getMessage().endsWith("its state is 5, not 6"), failure.getMessage());
        assertEquals("0", xenstore.read(QBE + "/online"));
        assertEquals("1", xenstore.read("/local/domain/7/device/vbd/51712/state"));
    }

    @Test
    void aForcedDetachRemovesTheFrontendFirstAndTheRestWhateverHappens() {
        toolstack.attach(QDISK);
        xenstore.write(QBE + "/state", "4");
        CompletableFuture<String> frontend = new CompletableFuture<>();
        when(QBE + "/state", "5",
            () -> frontend.complete("" + xenstore.readOrNull("/local/domain/7/device/vbd/51712/state")));
        assertThrows(ToolstackException.class, () -> hasty.detachForced(QDISK));
        assertEquals("null", frontend.join());
        assertNothingIsLeft();
    }

    @Test
    void aBackendThatIsGoneIsCleanedUpWithoutWaiting() {
        toolstack.attach(QDISK);
        xenstore.remove(QBE);
        hasty.detach(QDISK);
        assertNothingIsLeft();
    }

    @Test
    void aQdiskOfADeadDomainGoesStraightTo6AndAway() {
        toolstack.attach(QDISK);
        xenstore.write(QBE + "/state", "4");
        toolstack.destroyQemuKind(QDISK);
        assertNothingIsLeft();
    }

    @Test
    void destroyRemovesEveryDiskAndTheDomain() {
        toolstack.attach(QDISK);
        answer(BE + "/state", "1", "2");
        when(BE + "/state", "2", () -> xenstore.write(BE + "/blkbackd-status", "ready"));
        toolstack.attach(VBD);
        answer(BE + "/state", "5", "6");
        answer(QBE + "/state", "5", "6");
        toolstack.destroyDomain(7);
        assertNull(xenstore.readOrNull("/local/domain/7"));
        assertNull(xenstore.readOrNull("/libxl/7"));
        assertNull(xenstore.readOrNull("/local/domain/0/backend"));
    }

    @Test
    void writesTheNodesOfAVbd3DiskWithEveryOption() {
        String backend = "/local/domain/0/backend/vbd3/7/51712";
        DiskConfig disk = DiskConfig.vbd3(7, "xvda", "/srv/c.iso").asReadOnly()
            .with(DiskOptions.USUAL.asCdrom().asDirectIoSafe().discard(true));
        assertThrows(ToolstackException.class, () -> hasty.attach(disk), "waits for state 2, as for a vbd");
        assertEquals(nodes("frontend", "/local/domain/7/device/vbd/51712", "params", "aio:/srv/c.iso",
            "script", "/etc/xen/scripts/block-blkbackd", "frontend-id", "7", "online", "1", "removable", "1",
            "bootable", "1", "state", "1", "dev", "xvda", "type", "vbd3", "mode", "r", "device-type", "cdrom",
            "direct-io-safe", "1", "discard-enable", "1", "specification", "xen"), children(backend));
        assertEquals("cdrom", xenstore.read("/local/domain/7/device/vbd/51712/device-type"));
    }

    @Test
    void aDetachThatMayForceForcesWhenNobodyAnswers() {
        toolstack.attach(QDISK);
        xenstore.write(QBE + "/state", "4");
        List<String> frontends = new CopyOnWriteArrayList<>();
        when(QBE + "/state", "5",
            () -> frontends.add("" + xenstore.readOrNull("/local/domain/7/device/vbd/51712/state")));
        assertThrows(ToolstackException.class, () -> hasty.beginDetach(QDISK, ForcePolicy.AUTO).await());
        assertEquals(List.of("1", "null"), frontends.stream().distinct().toList());
        assertNothingIsLeft();
    }

    @Test
    void manyDisksAreAttachedAtOnceByPolling() {
        answer(BE + "/state", "1", "2");
        ToolstackJob slow = toolstack.beginAttach(VBD);
        assertTrue(toolstack.beginAttach(QDISK).poll());
        await().until(() -> "2".equals(xenstore.readOrNull(BE + "/state")));
        assertFalse(slow.poll(), "the script waits for the daemon's word");
        xenstore.write(BE + "/blkbackd-status", "ready");
        assertTrue(slow.poll());
        assertEquals("connected", xenstore.read(BE + "/hotplug-status"));
    }

    @Test
    void aDriverDomainRunsItsOwnScriptsAndRemovesItsOwnDirectory() {
        xenstored.introduce(3);
        toolstack.createDriverDomain(3);
        DiskConfig disk = VBD.with(DiskOptions.USUAL.in(3));
        String backend = "/local/domain/3/backend/vbd/7/51728";
        try (Xenstore driver = XenstoreClient.connect(xenstored.socket(3))) {
            when(backend + "/state", "1", () -> driver.write(backend + "/state", "2"));
            toolstack.attach(disk);
            assertEquals("3", xenstore.read(FE + "/backend-id"));
            assertEquals("[n3, r7]", xenstore.permissions(backend + "/state").toString());
            assertEquals("[n7, r3]", xenstore.permissions(FE + "/state").toString());
            when(backend + "/state", "5", () -> driver.write(backend + "/state", "6"));
            ToolstackException failure = assertThrows(ToolstackException.class, () -> hasty.detach(disk));
            assertEquals("domain 3 did not remove " + backend, failure.getMessage());
            assertNull(xenstore.readOrNull(FE));
            toolstack.attach(disk);
            when(backend + "/state", "6", () -> driver.remove(backend));
            toolstack.detach(disk);
            assertNull(xenstore.readOrNull(FE));
        }
    }
}
