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
import org.blkbackd.ioengine.IoRequest;
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
    void anUnattachedDeviceIsNoDisk() {
        LoopDevice device = LoopDevice.attach(files.images.create(FileFixture.SIZE), 512, false);
        device.close();
        DiskSpec spec = new DiskSpec("buffered", device.path());
        DiskException e = assertThrows(DiskException.class, () -> files.provider.open(spec, true));
        assertTrue(e.kind() == DiskException.Kind.UNSUPPORTED || e.kind() == DiskException.Kind.NOT_FOUND,
            e.getMessage());
    }
}
