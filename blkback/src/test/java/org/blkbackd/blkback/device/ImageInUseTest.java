// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.device;

import static org.awaitility.Awaitility.await;
import static org.blkbackd.blkback.device.HostRig.PATIENCE_MS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.awaitility.core.ConditionFactory;
import org.blkbackd.blkback.sim.DiskConfig;
import org.blkbackd.blkback.sim.SimFrontend;
import org.blkbackd.ioengine.Disk;
import org.blkbackd.ioengine.DiskSpec;
import org.blkbackd.ioengine.OpenMode;
import org.blkbackd.ioengine.file.FileOptions;
import org.blkbackd.ioengine.file.FileProvider;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A guest connects while somebody else has its image: it waits, and its disk does not close. */
class ImageInUseTest {

    private static final int SIZE = 1 << 20;

    @TempDir
    private Path dir;
    private final FileProvider others = new FileProvider(FileOptions.DEFAULTS);
    private final OtherHost other = new OtherHost();
    private HostRig host;
    private Path image;
    private DiskConfig disk;
    private SimFrontend frontend;

    @BeforeEach
    void start() {
        host = new HostRig(dir, null, other);
        image = host.image("a.img", SIZE);
        disk = DiskConfig.vbd(1, "xvda", image.toString());
    }

    @AfterEach
    void leavesNothing() {
        host.toolstack.detachForced(disk);
        frontend.crash();
        host.nothingIsLeft();
        host.close();
        others.close();
    }

    private static ConditionFactory patiently() {
        return await().atMost(PATIENCE_MS, TimeUnit.MILLISECONDS);
    }

    private Disk openedByAnother() {
        return others.open(DiskSpec.parse(image.toString()), OpenMode.exclusive(false));
    }

    private void offers() {
        host.domain(1);
        host.toolstack.attach(disk);
        frontend = host.frontend(disk);
        frontend.offer();
    }

    private void waitsSaying(String word) {
        patiently().until(() -> host.error(disk) != null);
        assertTrue(host.error(disk).startsWith("16 "), host.error(disk));
        assertTrue(host.error(disk).contains(word), host.error(disk));
        host.awaitState(disk, 2);
        assertEquals(0, host.domain(1).mappedGrants());
    }

    private void connects() {
        frontend.awaitConnected(PATIENCE_MS);
        assertEquals(0, frontend.execute(frontend.claim().write(0, 8), PATIENCE_MS));
        patiently().until(() -> host.error(disk) == null);
    }

    @Test
    void itConnectsWhenTheOtherLetsGo() {
        try (Disk held = openedByAnother()) {
            assertTrue(held.info().sectors() > 0);
            offers();
            waitsSaying("in use");
        }
        connects();
    }

    @Test
    void aGuestThatGoesMeanwhileLeavesNothing() {
        try (Disk held = openedByAnother()) {
            assertTrue(held.info().sectors() > 0);
            offers();
            waitsSaying("in use");
            frontend.close(PATIENCE_MS);
            host.awaitState(disk, 6);
            patiently().until(() -> host.error(disk) == null);
            assertEquals(1, HostRig.descriptors(image));
        }
    }

    @Test
    void aDaemonThatStopsMeanwhileLeavesTheGuestToTheNext() {
        try (Disk held = openedByAnother()) {
            assertTrue(held.info().sectors() > 0);
            offers();
            waitsSaying("in use");
            host.stopDaemon();
        }
        host.startDaemon();
        connects();
    }

    @Test
    void anImageThatIsNotThereStillClosesTheDevice() throws Exception {
        host.domain(1);
        host.toolstack.attach(disk);
        frontend = host.frontend(disk);
        Files.delete(image);
        frontend.offer();
        host.awaitState(disk, 6);
        host.image("a.img", SIZE);
    }

    @Test
    void itConnectsWhenTheOtherHostsAgree() {
        other.refusal = "host b does not answer";
        offers();
        waitsSaying("host b does not answer");
        assertEquals(0, HostRig.descriptors(image));
        assertEquals(List.of("refused"), other.heard.stream().distinct().toList());
        other.refusal = null;
        connects();
        assertEquals("xvda", other.last.vdev());
        assertEquals(image.toString(), other.last.target());
        assertEquals(1, other.last.needs().queues());
        frontend.close(PATIENCE_MS);
        host.awaitState(disk, 6);
        List<String> heard = other.heard.stream().filter(word -> !word.equals("refused")).toList();
        assertEquals(List.of("granted", "opened", "released"), heard);
        assertNull(host.error(disk));
    }

    /** A peer that does not answer says so in one way or another, every time it is asked. */
    @Test
    void eachReasonIsSaidOnce() {
        try (LogLines lines = new LogLines(Vbd.class)) {
            other.refusal = "host b is silent";
            offers();
            for (int asked = 1; asked <= 4; asked++) {
                int count = asked;
                patiently().until(() -> other.heard.size() >= count);
                other.refusal = asked % 2 == 0 ? "host b is silent" : "host b hangs up";
            }
            other.refusal = null;
            connects();
            List<String> said = lines.with("its guest waits");
            assertEquals(2, said.size(), said.toString());
        }
        frontend.close(PATIENCE_MS);
        host.awaitState(disk, 6);
    }
}
