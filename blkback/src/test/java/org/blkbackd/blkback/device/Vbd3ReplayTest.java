// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.device;

import static org.blkbackd.blkback.device.HostRig.PATIENCE_MS;
import static org.blkbackd.blkback.device.HostRig.descriptors;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import org.blkbackd.blkback.sim.DiskConfig;
import org.blkbackd.blkback.sim.FrontRequest;
import org.blkbackd.blkback.sim.SimFrontend;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Disks of kind vbd3, which stock xl writes from Xen 4.19 on: recorded sequences against the daemon, node by node. */
class Vbd3ReplayTest {

    private static final int SIZE = 1 << 20;

    @TempDir
    private Path dir;
    private HostRig host;
    private Path image;
    private SimFrontend frontend;

    @BeforeEach
    void start() {
        host = new HostRig(dir, null);
        host.domain(1);
        image = host.image("a.img", SIZE);
    }

    @AfterEach
    void leavesNothing() {
        host.nothingIsLeft();
        assertEquals(0, descriptors(image));
        host.close();
    }

    @Test
    void aDiskIsAttachedUsedAndDetached() throws IOException {
        replay("direct:" + image)
            .on("closes", () -> assertTrue(frontend.awaitClosed(PATIENCE_MS)))
            .play("vbd3-attach-detach.txt");
        frontend.close();
        byte[] written = new byte[4096];
        Arrays.fill(written, (byte) 7);
        assertArrayEquals(written, Arrays.copyOf(Files.readAllBytes(image), written.length));
    }

    @Test
    void aDestroyedGuestLeavesNothing() {
        replay("direct:" + image)
            .on("dies", () -> frontend.crash())
            .play("vbd3-destroy.txt");
    }

    @Test
    void aRefusalIsInTheDaemonsWords() {
        replay("direct:" + dir.resolve("missing.img")).play("vbd3-refused.txt");
    }

    @Test
    void aDiskWithTapbacksScriptIsNotTouched() {
        DiskConfig tap = new DiskConfig(1, "xvdb", DiskConfig.Kind.VBD3, "direct:" + image, false, null);
        host.toolstack.beginAttach(tap);
        DiskConfig ours = DiskConfig.vbd3(1, "xvdc", "direct:" + image);
        host.toolstack.attach(ours);
        assertEquals("1", host.dom0.read(tap.backendPath() + "/state"));
        host.toolstack.detach(ours);
        host.dom0.remove("/local/domain/0/backend/vbd3/1");
    }

    private XenstoreReplay replay(String disk) {
        DiskConfig config = DiskConfig.vbd3(1, "xvda", disk);
        return new XenstoreReplay(host.dom0, Map.of("BE", config.backendPath(), "FE", config.frontendPath(),
            "LIBXL", config.libxlPath(), "DISK", disk, "ERROR", "/local/domain/0/error/backend/vbd3/1/51712/error"))
            .on("connects", () -> {
                frontend = host.frontend(config);
                frontend.connect(PATIENCE_MS);
                FrontRequest request = frontend.claim().write(0, 8);
                byte[] data = new byte[4096];
                Arrays.fill(data, (byte) 7);
                request.put(data);
                assertEquals(0, frontend.execute(request, PATIENCE_MS));
                frontend.release(request);
            });
    }
}
