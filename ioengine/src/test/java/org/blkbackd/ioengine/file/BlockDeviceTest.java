// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Path;
import org.blkbackd.ioengine.Disk;
import org.blkbackd.ioengine.DiskException;
import org.blkbackd.ioengine.DiskSpec;
import org.blkbackd.ioengine.EngineDriver;
import org.blkbackd.ioengine.Errno;
import org.blkbackd.ioengine.IoRequest;
import org.blkbackd.ioengine.file.FaultyFileIo.Intervention;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What only block devices have. */
class BlockDeviceTest {

    private final FileFixture files = FileFixture.plain();

    @AfterEach
    void close() {
        files.close();
    }

    @Test
    void opensAReadOnlyDeviceForReadingOnly() {
        try (LoopDevice device = LoopDevice.attach(files.images.create(FileFixture.SIZE), 512, true)) {
            DiskSpec spec = new DiskSpec("direct", device.path());
            for (boolean check : new boolean[] {true, false}) {
                DiskException e = assertThrows(DiskException.class, () -> {
                    if (check) {
                        files.provider.check(spec, false);
                    } else {
                        files.provider.open(spec, false);
                    }
                });
                assertEquals(DiskException.Kind.ACCESS, e.kind());
                assertTrue(e.getMessage().contains("use mode 'r' in the disk line"), e.getMessage());
            }
            files.provider.check(spec, true);
            try (Disk disk = files.provider.open(spec, true)) {
                assertTrue(disk.info().readOnly());
            }
        }
    }

    @Test
    void discardsWholeUnitsOfTheDeviceOnly() {
        Path image = files.images.create(FileFixture.SIZE);
        try (LoopDevice device = LoopDevice.attach(image, 512, false);
             Disk disk = files.provider.open(new DiskSpec("direct", device.path()), false);
             EngineDriver driver = new EngineDriver(disk, 1)) {
            assumeTrue(disk.info().discard(), "the file system below target/ punches no holes");
            int unit = disk.info().discardGranularity();
            IoRequest discard = new IoRequest(1);
            discard.prepareDiscard(512, 2L * unit - 1024);
            assertEquals(0, driver.run(discard));
            assertEquals(0, files.io.count("discard"), "no whole unit lies in the range");
            discard.prepareDiscard(512, 2L * unit - 512);
            assertEquals(0, driver.run(discard));
            assertEquals(1, files.io.count("discard"));
        }
    }

    @Test
    void aPartitionMayBeginInsideADiscardUnit() {
        try (LoopDevice device = LoopDevice.attach(files.images.create(FileFixture.SIZE), 512, false)) {
            DiskSpec spec = new DiskSpec("direct", device.addPartition(3, 1000));
            try (Disk disk = files.provider.open(spec, false); EngineDriver driver = new EngineDriver(disk, 1)) {
                assumeTrue(disk.info().discard(), "the file system below target/ punches no holes");
                int unit = disk.info().discardGranularity();
                int shift = disk.info().discardAlignment();
                assertEquals(unit - 3 * 512, shift);
                files.io.calls().clear();
                IoRequest discard = new IoRequest(1);
                discard.prepareDiscard(0, shift + unit - 512);
                assertEquals(0, driver.run(discard));
                assertEquals(0, files.io.count("discard"), "no whole unit lies in the range");
                discard.prepareDiscard(0, shift + 3L * unit - 512);
                assertEquals(0, driver.run(discard));
                assertEquals(shift + "+" + 2 * unit, files.io.calls().get(0).split(" ")[2]);
                discard.prepareDiscard(shift + 512, 999 * 512 - shift);
                assertEquals(0, driver.run(discard));
                assertEquals((shift + unit) + "+" + (1000 * 512 - shift - unit), files.io.calls().get(1).split(" ")[2],
                    "up to the end, where the last unit is a part of one");
            }
        }
    }

    /** No device at hand erases securely; one that says so is played here. */
    @Test
    void erasesSecurelyOnlyWhereTheDeviceCan() {
        try (LoopDevice device = LoopDevice.attach(files.images.create(FileFixture.SIZE), 4096, false)) {
            DiskSpec spec = new DiskSpec("direct", device.path());
            files.provider.open(spec, false).close();
            assertEquals(1, files.io.count("erase"), "the probe");
            files.io.intervene((call, fd, offset, bytes) ->
                call.equals("erase") ? offset % 512 != 0 ? -Errno.EINVAL : 0 : Intervention.PASS);
            assumeTrue(Linux.isAtLeast(System.getProperty("os.version"), 5, 19), "needs Linux 5.19");
            try (Disk disk = files.provider.open(spec, false); EngineDriver driver = new EngineDriver(disk, 1)) {
                assertTrue(disk.info().secureDiscard());
                IoRequest discard = new IoRequest(1);
                discard.prepareDiscard(4096, 8192, true);
                files.io.calls().clear();
                assertEquals(0, driver.run(discard));
                assertEquals("erase 4096+8192", files.io.calls().get(0).replaceFirst(" \\d+", ""));
                for (long offset : new long[] {512, 4096}) {
                    discard.prepareDiscard(offset, 4608, true);
                    assertEquals(-Errno.EINVAL, driver.run(discard), "a part of a block cannot be erased");
                }
                assertEquals(1, files.io.calls().size());
            }
            try (Disk disk = files.provider.open(spec, true)) {
                assertEquals(false, disk.info().secureDiscard());
                assertEquals(1, files.io.count("erase"), "nothing is tried on a read-only disk");
            }
        }
    }

    @Test
    void loopDevicesDoNotEraseSecurely() {
        try (LoopDevice device = LoopDevice.attach(files.images.create(FileFixture.SIZE), 512, false);
             Disk disk = files.provider.open(new DiskSpec("direct", device.path()), false)) {
            assertEquals(false, disk.info().secureDiscard());
        }
    }

    @Test
    void growsWithItsDevice() {
        Path image = files.images.create(FileFixture.SIZE);
        try (LoopDevice device = LoopDevice.attach(image, 512, false);
             Disk disk = files.provider.open(new DiskSpec("direct", device.path()), false);
             EngineDriver driver = new EngineDriver(disk, 1)) {
            DiskException e = assertThrows(DiskException.class, () -> disk.grow(2 * FileFixture.SIZE));
            assertEquals(device.path() + ": is a block device; grow it with its own tools (lvextend, for one), then "
                + "call again without a size", e.getMessage());
            TestImages.resize(image, 2 * FileFixture.SIZE);
            device.refreshSize();
            assertEquals(-Errno.EINVAL, driver.run(files.write(FileFixture.SIZE, 4096)));
            assertEquals(2 * FileFixture.SIZE, disk.remeasure().info().sizeBytes());
            assertEquals(0, driver.run(files.write(FileFixture.SIZE, 4096)));
            TestImages.resize(image, FileFixture.SIZE);
            device.refreshSize();
            assertTrue(disk.remeasure().shrunk());
            assertEquals(2 * FileFixture.SIZE, disk.info().sizeBytes());
        }
    }

    @Test
    void anUnattachedDeviceIsNoDisk() {
        LoopDevice device = LoopDevice.attach(files.images.create(FileFixture.SIZE), 512, false);
        device.close();
        DiskSpec spec = new DiskSpec("buffered", device.path());
        DiskException e = assertThrows(DiskException.class, () -> files.provider.open(spec, true));
        assertTrue(e.kind() == DiskException.Kind.UNSUPPORTED || e.kind() == DiskException.Kind.NOT_FOUND,
            e.getMessage());
    }
}
