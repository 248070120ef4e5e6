// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.device;

import static org.awaitility.Awaitility.await;
import static org.blkbackd.blkback.device.HostRig.PATIENCE_MS;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.blkbackd.blkback.sim.DiskConfig;
import org.blkbackd.blkback.sim.FrontRequest;
import org.blkbackd.blkback.sim.FrontendConfig;
import org.blkbackd.blkback.sim.SimFrontend;
import org.blkbackd.ioengine.Disk;
import org.blkbackd.ioengine.DiskException;
import org.blkbackd.ioengine.DiskSpec;
import org.blkbackd.ioengine.OpenMode;
import org.blkbackd.ioengine.file.FileOptions;
import org.blkbackd.ioengine.file.FileProvider;

/** A guest with one disk, the toolstack that suspends it, and another host that wants its image. */
final class ParkingRig implements AutoCloseable {

    static final int SIZE = 1 << 20;

    final HostRig host;
    final FaultyFiles faulty = new FaultyFiles();
    final OtherHost other = new OtherHost();
    final Path image;
    final DiskConfig disk;
    final SimFrontend frontend;
    private final Path dir;
    private final FileProvider files = new FileProvider(FileOptions.DEFAULTS);

    ParkingRig(Path dir, int queues) {
        this.dir = dir;
        host = new HostRig(dir, faulty, other);
        image = host.image("a.img", SIZE);
        disk = DiskConfig.vbd(1, "xvda", "faulty:" + image);
        host.domain(1);
        host.toolstack.attach(disk);
        frontend = new SimFrontend(host.guest(1), host.domain(1),
            FrontendConfig.of(disk.devid()).withQueues(queues));
        frontend.connect(PATIENCE_MS);
        heard("granted", "opened");
    }

    static void until(Callable<Boolean> holds) {
        await().atMost(PATIENCE_MS, TimeUnit.MILLISECONDS).until(holds);
    }

    /** The last words that the other hosts heard. */
    void heard(String... words) {
        until(() -> {
            int from = Math.max(0, other.heard.size() - words.length);
            return other.heard.subList(from, other.heard.size()).equals(Arrays.asList(words));
        });
    }

    /** xl migrate or xl save: asks the guest, which empties the node and suspends; then every daemon hears of it. */
    void suspend() {
        asked("suspend");
        host.xenstored.fireReleaseDomain();
    }

    void asked(String word) {
        String node = "/local/domain/1/control/shutdown";
        host.dom0.write(node, word);
        host.guest(1).write(node, "");
    }

    void parked() {
        heard("parked");
        assertEquals(0, HostRig.descriptors(image));
        until(() -> host.domain(1).mappedGrants() > 0);
        assertEquals("4", host.dom0.readOrNull(disk.backendPath() + "/state"));
    }

    void suspendAndPark() {
        suspend();
        parked();
    }

    boolean isFree() {
        try (Disk opened = open()) {
            return opened.info().sectors() > 0;
        } catch (DiskException e) {
            return false;
        }
    }

    /** As another host would. */
    Disk open() {
        return files.open(DiskSpec.parse("buffered:" + image), OpenMode.exclusive(false));
    }

    FrontRequest submitted(FrontRequest request) {
        frontend.submit(request);
        frontend.kick();
        return request;
    }

    void answered() {
        answered(0);
    }

    void answered(int ring) {
        HostRig.answered(frontend, ring);
    }

    void held(int count) {
        until(() -> host.held(0) == count);
    }

    void writes(byte[] data, long sector) {
        FrontRequest write = frontend.claim().put(data).write(sector, data.length / 512);
        assertEquals(0, frontend.execute(write, PATIENCE_MS));
        frontend.release(write);
    }

    void reads(byte[] expected, long sector) {
        FrontRequest read = frontend.claim().read(sector, expected.length / 512);
        assertEquals(0, frontend.execute(read, PATIENCE_MS));
        byte[] found = new byte[expected.length];
        read.get(found);
        frontend.release(read);
        assertArrayEquals(expected, found);
    }

    long journals() {
        try (Stream<Path> found = Files.list(dir.resolve("journal"))) {
            return found.count();
        } catch (IOException e) {
            return 0;
        }
    }

    /** Ends in whatever way it has not ended yet, and leaves nothing. */
    @Override
    public void close() {
        assertEquals(0, frontend.violations());
        host.toolstack.detachForced(disk);
        frontend.crash();
        host.nothingIsLeft();
        until(() -> journals() == 0);
        assertEquals(0, HostRig.descriptors(image));
        until(() -> !other.heard.isEmpty() && other.heard.get(other.heard.size() - 1).equals("released"));
        host.close();
        files.close();
    }
}
