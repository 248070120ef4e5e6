// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.device;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.blkbackd.blkback.sim.DiskConfig;
import org.blkbackd.blkback.sim.FrontRequest;
import org.blkbackd.blkback.sim.SimFrontend;
import org.blkbackd.ioengine.Disk;
import org.blkbackd.ioengine.DiskProvider;
import org.blkbackd.ioengine.DiskSpec;
import org.blkbackd.ioengine.IoRequest.Operation;
import org.blkbackd.ioengine.OpenMode;
import org.blkbackd.ioengine.memory.MemoryProvider;
import org.blkbackd.ioengine.sim.FaultyDisk;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the log says of storage that fails, in words that programs find. */
class ErrorLinesTest {

    private static final int EIO = 5;
    private static final int PATIENCE_MS = 20_000;

    @TempDir
    private Path folder;
    private final LogLines lines = new LogLines(Vbd.class);
    private final DiskConfig config = DiskConfig.qdisk(7, "xvdb", "faulty:1M");
    private volatile FaultyDisk disk;
    private HostRig host;
    private SimFrontend frontend;

    @BeforeEach
    void start() {
        host = new HostRig(folder, new Faulty());
        frontend = host.connected(config);
    }

    @AfterEach
    void leavesNothing() {
        disk.faults().heal();
        frontend.crash();
        host.toolstack.detachForced(config);
        host.nothingIsLeft();
        host.close();
        lines.close();
    }

    private List<String> errors() {
        return lines.with(" failed");
    }

    private void execute(FrontRequest request) {
        frontend.execute(request, PATIENCE_MS);
        frontend.release(request);
    }

    @Test
    void aFailedWriteIsSaidWithAllThatIdentifiesIt() {
        disk.faults().failNext(Operation.WRITE, EIO);
        execute(frontend.claim().write(1024, 8));
        await().until(() -> !errors().isEmpty());
        assertEquals(
            List.of("qdisk-7-51728: I/O failed: domid=7 vdev=xvdb op=WRITE sector=1024 errno=EIO target=faulty:1M"),
            errors());
    }

    @Test
    void aThousandFailuresAreAFewLines() {
        disk.faults().failRange(Operation.READ, 0, 1 << 20, EIO);
        for (int i = 0; i < 1000; i++) {
            execute(frontend.claim().read(i, 8));
        }
        await().until(() -> !errors().isEmpty());
        assertEquals(true, errors().size() <= 12, () -> errors().size() + " lines");
    }

    @Test
    void aFailedFlushIsSaidToBeHeld() {
        disk.faults().failNext(Operation.FLUSH, EIO);
        frontend.submit(frontend.claim().flush());
        frontend.kick();
        await().until(() -> !errors().isEmpty());
        assertEquals(List.of("qdisk-7-51728: flush failed and is held: domid=7 vdev=xvdb op=FLUSH sector=0 errno=EIO"
            + " target=faulty:1M; mend the storage, then 'blkbackctl retry qdisk-7-51728', which opens the disk again"),
            errors());
    }

    /** Disks in memory that fail when they are told to. */
    private final class Faulty implements DiskProvider {

        private final MemoryProvider memory = new MemoryProvider();

        @Override
        public Set<String> schemes() {
            return Set.of("faulty");
        }

        @Override
        public void check(DiskSpec spec, boolean readOnly) {
            memory.check(DiskSpec.parse("memory:" + spec.target()), readOnly);
        }

        @Override
        public Disk open(DiskSpec spec, OpenMode mode) {
            disk = FaultyDisk.wrap(memory.open(DiskSpec.parse("memory:" + spec.target()), mode));
            return disk;
        }

        @Override
        public void close() {
            memory.close();
        }
    }
}
