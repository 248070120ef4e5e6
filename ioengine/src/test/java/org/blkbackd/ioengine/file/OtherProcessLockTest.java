// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import org.blkbackd.ioengine.Disk;
import org.blkbackd.ioengine.DiskException;
import org.blkbackd.ioengine.DiskException.Kind;
import org.blkbackd.ioengine.DiskSpec;
import org.blkbackd.ioengine.EngineDriver;
import org.blkbackd.ioengine.OpenMode;
import org.blkbackd.ioengine.uring.UringLoops;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Images that another process of ours holds. */
class OtherProcessLockTest {

    private static final OpenMode PATIENT = OpenMode.exclusive(false).withPatience(60_000);

    private final FileFixture files = FileFixture.plain();
    private final Path image = files.images.create(FileFixture.SIZE);
    private final DiskSpec spec = new DiskSpec("buffered", image.toString());

    @AfterEach
    void close() {
        files.close();
    }

    @Test
    void whatAnotherProcessServesIsRefusedByName() {
        try (LockingProcess other = LockingProcess.holding(spec, "w")) {
            for (boolean readOnly : new boolean[] {false, true}) {
                DiskException e = assertThrows(DiskException.class, () -> files.provider.open(spec, readOnly));
                assertEquals(Kind.IN_USE, e.kind());
                assertEquals(spec + ": is in use by java (pid " + other.pid() + "); it is served when that lets go",
                    e.getMessage());
            }
            files.provider.check(spec, false);
        }
        files.provider.open(spec, false).close();
    }

    @Test
    void whatWeServeIsRefusedToAnotherProcess() {
        try (Disk disk = files.provider.open(spec, false); LockingProcess other = LockingProcess.start(spec, "r")) {
            assertEquals(LockingProcess.IN_USE, other.line(), disk.warning());
        }
        try (Disk disk = files.provider.open(spec, true); LockingProcess other = LockingProcess.start(spec, "r")) {
            assertEquals(LockingProcess.OPEN, other.line(), disk.warning());
        }
    }

    @Test
    void aKilledProcessLetsGo() {
        try (LockingProcess other = LockingProcess.holding(spec, "w")) {
            assertThrows(DiskException.class, () -> files.provider.open(spec, false));
            other.kill();
            files.provider.open(spec, PATIENT).close();
        }
    }

    /** The mutation of the tests that rely on the lock. */
    @Test
    void withoutTheFenceNothingIsRefused() {
        try (Disk disk = files.provider.open(spec, false);
             LockingProcess other = LockingProcess.start(spec, "w", "-Dblkbackd.faults=off:journal,off:fence")) {
            assertEquals(LockingProcess.OPEN, other.line(), disk.warning());
        }
    }

    /** Its write hangs in the kernel when it is killed; until it is through, nobody else has the image. */
    @Test
    void aKilledProcessHoldsTheImageUntilItsLastWriteIsThrough() throws Exception {
        try (OwnFileSystem mount = OwnFileSystem.mount(files.images)) {
            DiskSpec slowSpec = new DiskSpec("direct", mount.newDevice(FileFixture.SIZE));
            try (LockingProcess other = LockingProcess.holding(slowSpec, "write")) {
                mount.freeze();
                other.say("go");
                assertEquals(LockingProcess.WRITING, other.line());
                mount.awaitBlockedWrite(other.pid());
                other.kill();
                DiskException e = assertThrows(DiskException.class,
                    () -> files.provider.open(slowSpec, OpenMode.exclusive(true).withPatience(500)));
                assertEquals(Kind.IN_USE, e.kind(), e.getMessage());
                assertTrue(other.isAlive());
                mount.thaw();
                assertEquals('W', firstByte(slowSpec), "its late write came before us");
            }
        }
    }

    /** The same of a write by io_uring: no thread waits for it, and the process may end before it. */
    @Test
    void aKilledProcessHoldsTheImageUntilItsLastWriteByIoUringIsThrough() throws Exception {
        UringLoops.open().close();
        try (OwnFileSystem mount = OwnFileSystem.mount(files.images)) {
            DiskSpec slowSpec = new DiskSpec("direct", mount.newDevice(FileFixture.SIZE));
            try (LockingProcess other = LockingProcess.holding(slowSpec, "write by io_uring")) {
                mount.freeze();
                other.say("go");
                assertEquals(LockingProcess.WRITING, other.line());
                mount.awaitWriteInFlight();
                other.kill();
                DiskException e = assertThrows(DiskException.class,
                    () -> files.provider.open(slowSpec, OpenMode.exclusive(true).withPatience(2_000)));
                assertEquals(Kind.IN_USE, e.kind(), e.getMessage());
                mount.thaw();
                assertEquals('W', firstByte(slowSpec), "its late write came before us");
            }
        }
    }

    private byte firstByte(DiskSpec of) {
        try (Disk disk = files.provider.open(of, PATIENT); EngineDriver driver = new EngineDriver(disk, 1)) {
            assertEquals(0, driver.run(files.read(0, 512)));
            return files.memory.buffer(0, 1).get(0);
        }
    }
}
