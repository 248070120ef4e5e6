// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.device;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.blkbackd.blkback.blkif.Blkif;
import org.blkbackd.blkback.sim.DiskConfig;
import org.blkbackd.blkback.sim.FrontRequest;
import org.blkbackd.blkback.sim.SimFrontend;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A disk that becomes larger under a guest that uses it. */
class DiskGrowthTest {

    private static final long MIB = 1 << 20;
    private static final int PATIENCE_MS = 20_000;

    @TempDir
    private Path folder;
    private HostRig host;
    private Path image;
    private DiskConfig disk;
    private SimFrontend frontend;

    @BeforeEach
    void start() {
        host = new HostRig(folder, null);
        image = host.image("a.img", MIB);
    }

    @AfterEach
    void leavesNothing() {
        if (frontend != null) {
            frontend.close(PATIENCE_MS);
            host.toolstack.detach(disk);
        }
        host.nothingIsLeft();
        host.close();
    }

    private void connect(String scheme) {
        disk = DiskConfig.vbd(1, "xvda", scheme + ":" + image);
        frontend = host.connected(disk);
    }

    private DiskGrowth.Outcome resize(long bytes) {
        CompletableFuture<DiskGrowth.Outcome> outcome = new CompletableFuture<>();
        host.conductor().proxy().resize("vbd-1-51712", bytes, outcome::complete);
        return outcome.orTimeout(PATIENCE_MS, TimeUnit.MILLISECONDS).join();
    }

    private int status(int operation, long sector) {
        FrontRequest request = frontend.claim();
        if (operation == Blkif.OP_READ) {
            request.read(sector, 8);
        } else {
            request.write(sector, 8);
        }
        frontend.execute(request, PATIENCE_MS);
        int status = request.status();
        frontend.release(request);
        return status;
    }

    private String sectors() {
        return host.dom0.read(disk.backendPath() + "/sectors");
    }

    @ParameterizedTest
    @ValueSource(strings = {"direct", "buffered"})
    void theGuestReachesWhatTheImageHasGrownBy(String scheme) throws IOException {
        connect(scheme);
        assertEquals(Blkif.RSP_ERROR, status(Blkif.OP_WRITE, 2048));
        assertEquals(new DiskGrowth.Outcome(4096, null), resize(2 * MIB));
        assertEquals(2 * MIB, Files.size(image));
        assertEquals("4096", sectors());
        assertEquals("4", host.dom0.read(disk.backendPath() + "/state"));
        assertEquals(Blkif.RSP_OKAY, status(Blkif.OP_WRITE, 2048));
        assertEquals(Blkif.RSP_OKAY, status(Blkif.OP_READ, 4088));
        assertEquals(Blkif.RSP_ERROR, status(Blkif.OP_READ, 4096));
    }

    @Test
    void anImageThatGrewByItselfIsNoticedWhileItIsUsed() throws IOException {
        connect("buffered");
        grow(3 * MIB);
        // The guest is told after some seconds of use, without anybody asking.
        await().atMost(Duration.ofSeconds(60)).until(() -> {
            status(Blkif.OP_READ, 0);
            return sectors().equals("6144");
        });
        assertEquals(Blkif.RSP_OKAY, status(Blkif.OP_WRITE, 6136));
    }

    @Test
    void sizeAndStateAreWrittenTogether() throws IOException {
        connect("buffered");
        CompletableFuture<String> seen = new CompletableFuture<>();
        // A frontend that looks when state is written again must find the new size.
        var watch = host.guest(1).watch(disk.backendPath() + "/state", path -> {
            String sectors = host.dom0.readOrNull(disk.backendPath() + "/sectors");
            if (!"2048".equals(sectors)) {
                seen.complete(sectors);
            }
        });
        assertEquals(8192, resize(4 * MIB).sectors());
        assertEquals("8192", seen.orTimeout(PATIENCE_MS, TimeUnit.MILLISECONDS).join());
        watch.close();
    }

    @Test
    void anImageIsNotMadeSmaller() throws IOException {
        connect("direct");
        DiskGrowth.Outcome outcome = resize(MIB / 2);
        assertNotEquals(null, outcome.failure());
        assertEquals(MIB, Files.size(image));
        assertEquals("2048", sectors());
        assertEquals(Blkif.RSP_OKAY, status(Blkif.OP_READ, 2040));
    }

    @Test
    void anImageThatShrankKeepsItsSizeAndItsGuestIsNotTold() throws IOException {
        connect("buffered");
        grow(MIB / 2);
        assertNull(resize(0).failure());
        assertEquals("2048", sectors());
        assertEquals(Blkif.RSP_OKAY, status(Blkif.OP_READ, 0));
    }

    @Test
    void aDiskThatNobodyUsesCannotBeMeasured() {
        disk = DiskConfig.vbd(1, "xvda", "direct:" + image);
        host.domain(1);
        host.toolstack.attach(disk);
        assertTrue(resize(0).failure().contains("no guest is connected"));
        host.toolstack.detach(disk);
        disk = null;
        await().until(() -> resize(0).failure().contains("there is no device vbd-1-51712"));
    }

    private void grow(long bytes) throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
            file.setLength(bytes);
        }
    }
}
