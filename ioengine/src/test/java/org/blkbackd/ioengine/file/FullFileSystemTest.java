// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.blkbackd.ioengine.Disk;
import org.blkbackd.ioengine.DiskException;
import org.blkbackd.ioengine.DiskSpec;
import org.blkbackd.ioengine.EngineDriver;
import org.blkbackd.ioengine.Errno;
import org.blkbackd.ioengine.IoRequest;
import org.blkbackd.ioengine.file.FaultyFileIo.Intervention;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A sparse image on a real ext4 that fills up. */
class FullFileSystemTest {

    private static final int PIECE = 64 * 1024;
    private static final long IMAGE_BYTES = 8 << 20;

    private final FileFixture files = FileFixture.plain();
    private OwnFileSystem mount;
    private Path ballast;
    private Path image;

    @BeforeEach
    void fill() throws IOException {
        mount = OwnFileSystem.mount(files.images);
        image = mount.path().resolve("a.img");
        ballast = mount.path().resolve("ballast");
        TestImages.resize(image, IMAGE_BYTES);
    }

    @AfterEach
    void close() {
        if (mount != null) {
            mount.close();
        }
        files.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"direct", "buffered"})
    void theSameWriteSucceedsOnceThereIsRoom(String scheme) throws IOException {
        try (Disk disk = files.open(scheme, image); EngineDriver driver = new EngineDriver(disk, 4)) {
            files.fill(PIECE, 'a');
            assertEquals(0, driver.run(files.write(0, PIECE)));
            assertEquals(0, driver.run(EngineDriver.flush()));
            fillUp();
            files.fill(PIECE, 'b');
            IoRequest refused = files.write(1 << 20, PIECE);
            assertEquals(-Errno.ENOSPC, driver.run(refused));
            assertEquals(-Errno.ENOSPC, driver.run(refused), "and stays so");
            assertEquals(0, driver.run(files.write(0, PIECE)), "what has its blocks is not concerned");
            assertEquals(0, driver.run(files.read(0, PIECE)));
            assertEquals('b', files.memory.buffer(0, 1).get(0));
            Files.delete(ballast);
            assertEquals(0, driver.run(refused));
            assertEquals(0, driver.run(EngineDriver.flush()), "no flush has failed meanwhile");
            files.fill(PIECE, 'x');
            assertEquals(0, driver.run(files.read(1 << 20, PIECE)));
            for (int i = 0; i < PIECE; i += 512) {
                assertEquals('b', files.memory.buffer(i, 1).get(0));
            }
        }
        assertEquals(IMAGE_BYTES, Files.size(image));
    }

    /** A part of it has room: the request fails as a whole, and succeeds as a whole when it is tried again. */
    @ParameterizedTest
    @ValueSource(strings = {"direct", "buffered"})
    void aWriteThatFitsInPartFails(String scheme) throws IOException {
        try (Disk disk = files.open(scheme, image); EngineDriver driver = new EngineDriver(disk, 4)) {
            assertEquals(0, driver.run(files.write(0, 4096)));
            fillUp();
            files.fill(PIECE, 'c');
            IoRequest half = files.write(0, PIECE);
            assertEquals(-Errno.ENOSPC, driver.run(half));
            Files.delete(ballast);
            assertEquals(0, driver.run(half));
            files.fill(PIECE, 'x');
            assertEquals(0, driver.run(files.read(0, PIECE)));
            for (int i = 0; i < PIECE; i += 512) {
                assertEquals('c', files.memory.buffer(i, 1).get(0));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"direct", "buffered"})
    void anImageIsOpenedOnAFullFileSystem(String scheme) throws IOException {
        fillUp();
        try (Disk disk = files.open(scheme, image); EngineDriver driver = new EngineDriver(disk, 1)) {
            assertEquals("", disk.warning());
            assertEquals(0, driver.run(files.read(0, PIECE)));
            assertEquals(-Errno.ENOSPC, driver.run(files.write(0, PIECE)));
            assertEquals(0, driver.run(EngineDriver.flush()));
        }
    }

    /**
     * The page cache takes the write and loses it when it finds no room below. The kernel says so once; we say so until
     * the image is opened again, which neither the failure nor the complaint of close() prevents.
     */
    @Test
    void aFailedWriteBackSticksUntilTheImageIsOpenedAgain() throws IOException {
        DiskSpec device = new DiskSpec("buffered", mount.newDevice(IMAGE_BYTES));
        fillUp();
        Disk disk = files.provider.open(device, false);
        try (EngineDriver driver = new EngineDriver(disk, 1)) {
            assertEquals(0, driver.run(files.write(1 << 20, PIECE)));
            long error = driver.run(EngineDriver.flush());
            assertTrue(error == -Errno.ENOSPC || error == -Errno.EIO, Errno.name(error));
            Files.delete(ballast);
            assertEquals(0, driver.run(files.write(1 << 20, PIECE)));
            assertEquals(error, driver.run(EngineDriver.flush()), "room does not bring back what was lost");
        }
        DiskException e = assertThrows(DiskException.class, disk::close);
        assertTrue(e.getMessage().contains("a flush failed with"), e.getMessage());
        try (Disk again = files.provider.open(device, false); EngineDriver driver = new EngineDriver(again, 1)) {
            assertEquals(0, driver.run(EngineDriver.flush()));
            assertEquals(0, driver.run(files.write(1 << 20, PIECE)));
            assertEquals(0, driver.run(EngineDriver.flush()));
        }
    }

    /** No quota is set up here: the kernel's answer is played. */
    @ParameterizedTest
    @CsvSource({"direct,122", "buffered,122", "direct,27", "buffered,5"})
    void everyErrorOfAWriteIsToldAsItIs(String scheme, int errno) {
        try (Disk disk = files.open(scheme, image); EngineDriver driver = new EngineDriver(disk, 1)) {
            files.io.intervene((call, fd, offset, bytes) -> call.equals("write") ? -errno : Intervention.PASS);
            IoRequest write = files.write(0, PIECE);
            assertEquals(-errno, driver.run(write));
            assertFalse(Errno.name(errno).startsWith("errno"));
            files.io.intervene((call, fd, offset, bytes) -> Intervention.PASS);
            assertEquals(0, driver.run(write));
        }
    }

    /** Until not one more byte goes in. */
    private void fillUp() throws IOException {
        byte[] zeros = new byte[1 << 20];
        IOException full = null;
        for (int size = zeros.length; size >= 512; size /= 2) {
            try (OutputStream out = Files.newOutputStream(ballast, StandardOpenOption.CREATE,
                StandardOpenOption.APPEND)) {
                while (true) {
                    out.write(zeros, 0, size);
                }
            } catch (IOException e) {
                full = e;
            }
        }
        assertTrue(full != null && Files.size(ballast) > 0);
        LoopDevice.run("sync", "-f", ballast.toString());
    }
}
