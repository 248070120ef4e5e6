// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.file;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.util.Arrays;
import org.blkbackd.ioengine.Disk;
import org.blkbackd.ioengine.DiskSpec;
import org.blkbackd.ioengine.EngineDriver;
import org.blkbackd.ioengine.OpenMode;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What another host wrote is what a guest reads, though this host has old bytes in its page cache. */
class PageCacheTest {

    private static final OpenMode FRESH = OpenMode.exclusive(false).withFresh(true);

    private final FileFixture files = FileFixture.plain();

    @AfterEach
    void close() {
        files.close();
    }

    @Test
    void readsWhatWasWrittenBehindTheCache() throws IOException {
        assertEquals('n', readAfterAChangeBeneath(files.provider, FRESH));
    }

    /** The control: the test above would not notice a cache that was never old. */
    @Test
    void readsOldBytesWithoutTheDrop() throws IOException {
        assertEquals('o', readAfterAChangeBeneath(files.provider, OpenMode.exclusive(false)));
        try (FileProvider keeping = new FileProvider(FileOptions.DEFAULTS.withIoThreads(2).withCacheDrop(false))) {
            assertEquals('o', readAfterAChangeBeneath(keeping, FRESH));
        }
    }

    /** A reader keeps a loop device open, and with it the device's cache; the file below it gets new bytes. */
    private int readAfterAChangeBeneath(FileProvider provider, OpenMode mode) throws IOException {
        Path image = files.images.create(FileFixture.SIZE);
        fill(image.toString(), 'o');
        try (LoopDevice device = LoopDevice.attach(image, 512, false);
             RandomAccessFile reader = new RandomAccessFile(device.path(), "r")) {
            reader.readFully(new byte[(int) FileFixture.SIZE]);
            fill(image.toString(), 'n');
            try (Disk disk = provider.open(new DiskSpec("buffered", device.path()), mode);
                 EngineDriver driver = new EngineDriver(disk, 1)) {
                assertEquals(0, driver.run(files.read(4096, 4096)));
                return files.memory.buffer(0, 1).get(0);
            }
        }
    }

    private static void fill(String path, int value) throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(path, "rw")) {
            byte[] bytes = new byte[(int) FileFixture.SIZE];
            Arrays.fill(bytes, (byte) value);
            file.write(bytes);
        }
    }
}
