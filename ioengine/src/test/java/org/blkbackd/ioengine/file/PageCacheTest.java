// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.blkbackd.ioengine.Disk;
import org.blkbackd.ioengine.DiskException;
import org.blkbackd.ioengine.DiskException.Kind;
import org.blkbackd.ioengine.DiskSpec;
import org.blkbackd.ioengine.EngineDriver;
import org.blkbackd.ioengine.Errno;
import org.blkbackd.ioengine.OpenMode;
import org.blkbackd.ioengine.file.FaultyFileIo.Intervention;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What another host wrote is what a guest reads, though this host has old bytes in its page cache. */
class PageCacheTest {

    private static final OpenMode FRESH = OpenMode.exclusive(false).withFresh(true);
    private static final OpenMode FRESH_READ_ONLY = OpenMode.exclusive(true).withFresh(true);
    private static final long NFS = 0x6969;
    private static final int PAGE = 4096;

    private FileFixture files = FileFixture.plain();

    @AfterEach
    void close() {
        files.close();
    }

    @Test
    void readsWhatWasWrittenBehindTheCache() throws IOException {
        assertEquals('n', readAfterAChangeBeneath(files.provider, FRESH));
        assertEquals('n', readAfterAChangeBeneath(files.provider, FRESH_READ_ONLY));
    }

    /** The control: the tests beside it would not notice a cache that was never old. */
    @Test
    void readsOldBytesWithoutTheDrop() throws IOException {
        assertEquals('o', readAfterAChangeBeneath(files.provider, OpenMode.exclusive(false)));
        try (FileProvider keeping = new FileProvider(FileOptions.DEFAULTS.withIoThreads(2).withCacheDrop(false))) {
            assertEquals('o', readAfterAChangeBeneath(keeping, FRESH));
        }
    }

    @Test
    void dropsWithoutTheRightToFlushDevices() throws IOException {
        refuse("flushbuf", -Errno.EACCES);
        assertEquals('n', readAfterAChangeBeneath(files.provider, FRESH));
        assertEquals(1, files.io.count("flushbuf"));
    }

    @Test
    void dropsOnKernelsWithoutCachestat() throws IOException {
        refuse("cachestat", -Errno.ENOSYS);
        assertEquals('n', readAfterAChangeBeneath(files.provider, FRESH));
        assertTrue(files.io.count("map") > 0);
    }

    /** A reader keeps a loop device open, and with it the device's cache; the file below it gets new bytes. */
    private int readAfterAChangeBeneath(FileProvider provider, OpenMode mode) throws IOException {
        Path image = files.images.create(FileFixture.SIZE);
        write(image, 0, FileFixture.SIZE, 'o');
        try (LoopDevice device = LoopDevice.attach(image, 512, false);
             RandomAccessFile reader = new RandomAccessFile(device.path(), "r")) {
            reader.readFully(new byte[(int) FileFixture.SIZE]);
            write(image, 0, FileFixture.SIZE, 'n');
            try (Disk disk = provider.open(new DiskSpec("buffered", device.path()), mode);
                 EngineDriver driver = new EngineDriver(disk, 1)) {
                assertEquals(0, driver.run(files.read(PAGE, PAGE)));
                return files.memory.buffer(0, 1).get(0);
            }
        }
    }

    @Test
    void bringsToTheStorageWhatAnotherProgramLeftDirty() throws IOException {
        Path image = sharedImage(FileFixture.SIZE);
        write(image, 0, FileFixture.SIZE, 'd');
        assertEquals(FileFixture.SIZE, resident(image));
        open(image, FRESH).close();
        assertEquals(0, resident(image));
        try (Disk disk = files.open("direct", image); EngineDriver driver = new EngineDriver(disk, 1)) {
            assertEquals(0, driver.run(files.read(0, PAGE)));
            assertEquals('d', files.memory.buffer(0, 1).get(0));
        }
    }

    @Test
    void saysWhenThatCannotBeBroughtThere() {
        Path image = sharedImage(FileFixture.SIZE);
        refuse("sync", -Errno.EIO);
        for (String scheme : new String[] {"buffered", "direct"}) {
            DiskSpec spec = new DiskSpec(scheme, image.toString());
            DiskException e = assertThrows(DiskException.class, () -> files.provider.open(spec, FRESH));
            assertEquals(spec + ": what another program wrote to it cannot be brought to the storage (EIO); check the "
                + "storage, and what was copied into the image", e.getMessage());
        }
    }

    @Test
    void refusesWhilePagesStay() throws IOException {
        Path image = sharedImage(FileFixture.SIZE);
        write(image, 0, FileFixture.SIZE, 'm');
        try (MappingProcess other = MappingProcess.holding(image, 0, FileFixture.SIZE)) {
            DiskException e = assertThrows(DiskException.class, () -> open(image, FRESH));
            assertEquals(Kind.IN_USE, e.kind());
            assertEquals("buffered:" + image + ": 1048576 bytes of it stay in this host's page cache, in use by "
                + "another program, and may be older than the image; end that program (\"fuser -vm " + image
                + "\" finds it) or use direct:" + image, e.getMessage());
            open(image, new OpenMode(false, false, 0, true)).close();
            refuse("cachestat", -Errno.ENOSYS);
            assertEquals(e.getMessage(), assertThrows(DiskException.class, () -> open(image, FRESH)).getMessage());
            files.open("direct", image).close();
            assertTrue(other.isAlive());
        }
        open(image, FRESH).close();
    }

    @Test
    void refusesADeviceWhilePagesStay() {
        try (LoopDevice device = LoopDevice.attach(files.images.create(FileFixture.SIZE), 512, false);
             MappingProcess other = MappingProcess.holding(Path.of(device.path()), PAGE, PAGE)) {
            DiskException e = assertThrows(DiskException.class, () -> open(Path.of(device.path()), FRESH));
            assertTrue(e.getMessage().contains(" bytes of it stay"), e.getMessage());
            open(Path.of(device.path()), OpenMode.exclusive(false)).close();
            assertTrue(other.isAlive());
        }
    }

    @Test
    void waitsForPagesAsForALock() throws Exception {
        Path image = sharedImage(FileFixture.SIZE);
        MappingProcess other = MappingProcess.holding(image, 0, PAGE);
        Thread end = new Thread(() -> {
            while (files.io.count("cachestat") < 20) {
                LockSupport.parkNanos(1_000_000);
            }
            other.close();
        });
        end.start();
        open(image, FRESH.withPatience(60_000)).close();
        end.join();
    }

    /** They are of no other kernel, so nothing in them is old; and on tmpfs they are the file. */
    @Test
    void allowsPagesOfLocalFileSystemsToStay() {
        Path image = files.images.create(FileFixture.SIZE);
        files.io.pretendFileSystem(0xef53);
        try (MappingProcess other = MappingProcess.holding(image, 0, PAGE)) {
            open(image, FRESH).close();
            assertTrue(files.io.count("drop") > 0);
            assertTrue(other.isAlive());
        }
    }

    /** What lies behind the last whole block goes through the page cache on direct disks, too. */
    @Test
    void refusesDirectDisksOnlyForTheirTail() throws IOException {
        files.close();
        files = FileFixture.with4096();
        // the kernel keeps up to 2 MiB together: far enough from the tail
        Path image = sharedImage(4 * FileFixture.SIZE + 512);
        files.open("direct", image).close();
        DiskSpec spec = new DiskSpec("direct", image.toString());
        try (MappingProcess other = MappingProcess.holding(image, 0, PAGE)) {
            files.provider.open(spec, FRESH).close();
            assertTrue(other.isAlive());
        }
        try (MappingProcess other = MappingProcess.holding(image, 4 * FileFixture.SIZE, 512)) {
            assertEquals(Kind.IN_USE,
                assertThrows(DiskException.class, () -> files.provider.open(spec, FRESH)).kind());
            assertTrue(other.isAlive());
        }
    }

    @Test
    void measuresAfterTheDrop() {
        Path image = sharedImage(FileFixture.SIZE);
        files.io.intervene((call, fd, offset, bytes) -> {
            if (call.equals("drop")) {
                TestImages.resize(image, 2 * FileFixture.SIZE);
            }
            return Intervention.PASS;
        });
        try (Disk disk = open(image, FRESH)) {
            assertEquals(2 * FileFixture.SIZE, disk.info().sizeBytes());
        }
    }

    @Test
    void readsNothingBeforeTheDrop() {
        Path image = sharedImage(FileFixture.SIZE);
        files.open("direct", image).close();
        files.io.calls().clear();
        files.provider.open(new DiskSpec("direct", image.toString()), FRESH).close();
        List<String> order = new ArrayList<>(files.io.calls().stream().map(call -> call.split(" ")[0])
            .filter(List.of("sync", "drop", "read", "punch")::contains).toList());
        assertEquals(List.of("sync", "drop"), order.subList(0, 2));
    }

    @Test
    void leavesTheCacheAloneWhereThisHostHadTheImage() throws IOException {
        Path image = sharedImage(FileFixture.SIZE);
        write(image, 0, FileFixture.SIZE, 'd');
        open(image, OpenMode.exclusive(false)).close();
        assertEquals(0, files.io.count("drop"));
        assertEquals(FileFixture.SIZE, resident(image));
    }

    @Test
    void countsPagesOfImagesWithHolesInBothWays() throws IOException {
        long window = PageCache.WINDOW_BYTES;
        Path image = sharedImage(5 * window + 512);
        write(image, 0, 3 * PAGE, 'a');
        write(image, 2 * window - PAGE, 2 * PAGE, 'b');
        write(image, 5 * window, 512, 'c');
        long pages = 3 + 2 + 1;
        assertEquals(pages * PAGE, resident(image));
        refuse("cachestat", -Errno.ENOSYS);
        files.io.calls().clear();
        assertEquals(pages * PAGE, resident(image));
        assertEquals(4, files.io.count("map"), "windows 0, 1, 2 and 5; 3 and 4 are a hole");
        assertEquals(4, files.io.count("unmap"));
        try (Disk disk = open(image, FRESH)) {
            assertEquals(0, resident(image));
            assertEquals(5 * window + 512, disk.info().sizeBytes());
        }
    }

    @Test
    void servesNothingBufferedThatCannotBeCounted() throws IOException {
        Path image = sharedImage(FileFixture.SIZE);
        write(image, 0, PAGE, 'a');
        files.io.intervene((call, fd, offset, bytes) ->
            call.equals("cachestat") || call.equals("mincore") ? -Errno.EPERM : Intervention.PASS);
        DiskException e = assertThrows(DiskException.class, () -> open(image, FRESH));
        assertEquals("buffered:" + image + ": the kernel does not tell what this host's page cache holds of it (EPERM);"
            + " permit the system calls cachestat and mincore, or use direct:" + image, e.getMessage());
        assertEquals(files.io.count("map"), files.io.count("unmap"));
        open(image, FRESH_READ_ONLY).close();
    }

    @Test
    void whatCannotBeMappedIsNotInThePageCache() throws IOException {
        files.io.intervene((call, fd, offset, bytes) -> call.equals("cachestat") ? -Errno.ENOSYS
            : call.equals("map") ? -Errno.ENODEV : Intervention.PASS);
        Path image = sharedImage(FileFixture.SIZE);
        write(image, 0, PAGE, 'a');
        open(image, FRESH).close();
        assertEquals(1, files.io.count("map"));
    }

    @Test
    void anEmptyFileIsStillNoDisk() {
        DiskException e = assertThrows(DiskException.class, () -> open(sharedImage(0), FRESH));
        assertEquals(Kind.UNSUPPORTED, e.kind());
        assertTrue(e.getMessage().contains("0 bytes are no disk"), e.getMessage());
    }

    @Test
    void anInterruptedSyncIsRepeated() {
        int[] interruptions = {3};
        files.io.intervene((call, fd, offset, bytes) ->
            call.equals("sync") && interruptions[0]-- > 0 ? -Errno.EINTR : Intervention.PASS);
        open(sharedImage(FileFixture.SIZE), FRESH).close();
        assertEquals(4, files.io.count("sync"));
    }

    private void refuse(String what, long errno) {
        files.io.intervene((call, fd, offset, bytes) -> call.equals(what) ? errno : Intervention.PASS);
    }

    private Path sharedImage(long bytes) {
        files.io.pretendFileSystem(NFS);
        return files.images.create(bytes);
    }

    private Disk open(Path image, OpenMode mode) {
        return files.provider.open(new DiskSpec("buffered", image.toString()), mode);
    }

    /** Bytes of an image in this host's page cache. */
    private long resident(Path image) {
        int fd = files.io.open(image.toString(), Linux.O_RDONLY);
        try (ImageProbe probe = new ImageProbe(files.io)) {
            FileStatus status = probe.status(fd);
            return new PageCache(files.io, new DiskSpec("buffered", image.toString()), fd, status)
                .residentBytes(0, status.sizeBytes());
        } finally {
            files.io.close(fd);
        }
    }

    private static void write(Path image, long offset, long length, int value) throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
            byte[] bytes = new byte[(int) length];
            Arrays.fill(bytes, (byte) value);
            file.seek(offset);
            file.write(bytes);
        }
    }
}
