// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.file.Path;
import org.blkbackd.blkback.blkif.Blkif;
import org.blkbackd.blkback.sim.DiskConfig;
import org.blkbackd.blkback.sim.DiskOptions;
import org.blkbackd.blkback.sim.FrontRequest;
import org.blkbackd.blkback.sim.FrontendException;
import org.blkbackd.blkback.sim.SimFrontend;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the toolstack may say of a disk besides its target, and what becomes of it. */
class DriveTest {

    private static final int PATIENCE_MS = 20_000;

    @TempDir
    private Path folder;
    private HostRig host;

    @BeforeEach
    void start() {
        host = new HostRig(folder, null);
    }

    @AfterEach
    void leavesNothing() {
        host.nothingIsLeft();
        host.close();
    }

    private void detach(DiskConfig disk, SimFrontend frontend) {
        frontend.close(PATIENCE_MS);
        host.toolstack.detach(disk);
    }

    private String node(DiskConfig disk, String name) {
        return host.dom0.readOrNull(disk.backendPath() + "/" + name);
    }

    private int status(SimFrontend frontend, FrontRequest request) {
        frontend.execute(request, PATIENCE_MS);
        int status = request.status();
        frontend.release(request);
        return status;
    }

    @Test
    void aCdromIsReadOnlyAndSaysWhatItIs() {
        String image = "direct:" + host.image("cd.iso", 1 << 20);
        DiskConfig disk = DiskConfig.vbd(1, "xvdc", image).with(DiskOptions.USUAL.asCdrom());
        SimFrontend frontend = host.connected(disk);
        assertEquals("7", node(disk, "info"), "CDROM, REMOVABLE and READONLY");
        assertEquals(Blkif.RSP_OKAY, status(frontend, frontend.claim().read(0, 8)));
        assertEquals(Blkif.RSP_ERROR, status(frontend, frontend.claim().write(0, 8)));
        assertEquals("0", node(disk, "feature-discard"));
        detach(disk, frontend);
    }

    @ParameterizedTest
    @CsvSource({"vbd, ''", "qdisk, ''", "vbd3, ''"})
    void anEmptyDriveIsClosedSoThatNoGuestWaitsForIt(String kind, String target) {
        DiskConfig disk = switch (kind) {
            case "vbd" -> DiskConfig.vbd(1, "xvdc", target);
            case "qdisk" -> DiskConfig.qdisk(1, "xvdc", target);
            default -> DiskConfig.vbd3(1, "xvdc", target);
        };
        DiskConfig drive = disk.with(DiskOptions.USUAL.asCdrom());
        host.domain(1);
        host.toolstack.attach(drive);
        SimFrontend frontend = host.frontend(drive);
        assertThrows(FrontendException.class, () -> frontend.connect(PATIENCE_MS));
        host.awaitState(drive, 6);
        assertNull(host.error(drive), "nothing is wrong with it");
        frontend.close();
        host.toolstack.detach(drive);
    }

    @Test
    void aDriveThatGotItsMediumIsServedWhenTheGuestStartsOver() {
        DiskConfig drive = DiskConfig.vbd(1, "xvdc", "").with(DiskOptions.USUAL.asCdrom());
        host.domain(1);
        host.toolstack.attach(drive);
        SimFrontend frontend = host.frontend(drive);
        assertThrows(FrontendException.class, () -> frontend.connect(PATIENCE_MS));
        host.awaitState(drive, 6);
        host.dom0.write(drive.backendPath() + "/params", "direct:" + host.image("cd.iso", 1 << 20));
        frontend.kexecReconnect(PATIENCE_MS);
        assertEquals("2048", node(drive, "sectors"));
        detach(drive, frontend);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void discardIsOfferedUnlessTheToolstackForbidsIt(boolean allowed) {
        String image = "direct:" + host.image("a.img", 1 << 20);
        DiskConfig disk = DiskConfig.vbd(1, "xvda", image).with(DiskOptions.USUAL.discard(allowed));
        SimFrontend frontend = host.connected(disk);
        assertEquals(allowed ? "1" : "0", node(disk, "feature-discard"));
        assertEquals("0", node(disk, "discard-secure"));
        assertEquals(allowed ? Blkif.RSP_OKAY : Blkif.RSP_EOPNOTSUPP,
            status(frontend, frontend.claim().discard(0, 64)));
        detach(disk, frontend);
    }

    @Test
    void largeSectorsAreAChoice() {
        Path image = host.image("a.img", (1 << 20) + 512);
        DiskConfig disk = DiskConfig.vbd(1, "xvda", "direct,sector-size=4096:" + image);
        SimFrontend frontend = host.connected(disk);
        assertEquals("4096", node(disk, "sector-size"));
        assertEquals("4096", node(disk, "physical-sector-size"));
        assertEquals("2048", node(disk, "sectors"), "still in units of 512, and whole sectors");
        assertEquals(Blkif.RSP_OKAY, status(frontend, frontend.claim().write(8, 8)));
        assertEquals(Blkif.RSP_ERROR, status(frontend, frontend.claim().write(9, 8)));
        assertEquals(Blkif.RSP_ERROR, status(frontend, frontend.claim().read(8, 1)));
        detach(disk, frontend);
    }

    @Test
    void anOptionThatNobodyKnowsIsSaidSo() {
        DiskConfig disk = DiskConfig.qdisk(1, "xvda", "direct,sector-size=1024:/srv/a.img");
        host.domain(1);
        host.toolstack.attach(disk);
        SimFrontend frontend = host.frontend(disk);
        assertThrows(FrontendException.class, () -> frontend.connect(PATIENCE_MS));
        host.awaitState(disk, 6);
        assertEquals("22 " + disk.backendPath() + "/params has the option \"sector-size=1024\", must be"
            + " sector-size=512 or 4096, on-error=report, hold or enospc, while-held=serve or stop,"
            + " iops=, iops-burst=, bandwidth=, bandwidth-burst=, exclusive=none, or name=", host.error(disk));
        frontend.close();
        host.toolstack.detach(disk);
    }

    @Test
    void aPathWithCommasAndColonsIsAPath() {
        Path image = host.image("a,b:c.img", 1 << 20);
        DiskConfig disk = DiskConfig.vbd(1, "xvda", image.toString());
        SimFrontend frontend = host.connected(disk);
        assertEquals("2048", node(disk, "sectors"));
        assertEquals("512", node(disk, "sector-size"));
        assertEquals("4096", node(disk, "physical-sector-size"), "the file system's block");
        assertFalse(node(disk, "info").isEmpty());
        detach(disk, frontend);
    }
}
