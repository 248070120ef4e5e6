// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.UnaryOperator;
import org.blkbackd.ioengine.Disk;
import org.blkbackd.ioengine.DiskSpec;
import org.blkbackd.ioengine.IoEngineContract;
import org.blkbackd.ioengine.OpenMode;
import org.junit.jupiter.api.Test;

/** The contract on a real block device. */
abstract class LoopDeviceContract extends IoEngineContract {

    private final TestImages images = new TestImages();
    private final FileProvider provider = new FileProvider(FileOptions.DEFAULTS.withIoThreads(6));
    private final String scheme;
    private final int sectorSize;
    private final UnaryOperator<Disk> form;
    private LoopDevice device;

    LoopDeviceContract(String scheme, int sectorSize) {
        this(scheme, sectorSize, disk -> disk);
    }

    /** @param form what to make of a disk before it is tried */
    LoopDeviceContract(String scheme, int sectorSize, UnaryOperator<Disk> form) {
        this.scheme = scheme;
        this.form = form;
        this.sectorSize = sectorSize;
    }

    @Override
    protected Disk open(long bytes, boolean readOnly) {
        if (device == null) {
            device = LoopDevice.attach(images.create(bytes & -4096), sectorSize, false);
        }
        DiskSpec spec = new DiskSpec(scheme, device.path());
        provider.check(spec, readOnly);
        return form.apply(provider.open(spec, readOnly));
    }

    @Override
    protected boolean grows() {
        return false;
    }

    @Override
    protected void cleanUp() {
        provider.close();
        if (device != null) {
            device.close();
        }
        images.close();
    }

    @Test
    void knowsWhatTheDeviceIs() throws IOException {
        DiskSpec spec = new DiskSpec(scheme, device.path());
        try (Disk disk = provider.open(spec, new OpenMode(false, false, 0))) {
            assertEquals(SIZE & -4096, disk.info().sizeBytes());
            assertEquals(sectorSize, disk.info().logicalSectorSize());
            assertTrue(disk.info().physicalSectorSize() >= sectorSize);
            assertEquals(scheme.equals("direct"), disk.info().direct());
            // loop discards by punching holes, which the file system below target/ may not do
            String name = device.path().substring(device.path().lastIndexOf('/') + 1);
            String limit = Files.readString(Path.of("/sys/block", name, "queue/discard_max_bytes"));
            assertEquals(!limit.strip().equals("0"), disk.info().discard());
        }
    }
}
