// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.abort;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.blkbackd.ioengine.Disk;
import org.blkbackd.ioengine.DiskException;
import org.blkbackd.ioengine.DiskSpec;
import org.blkbackd.ioengine.EngineDriver;
import org.blkbackd.ioengine.Errno;
import org.blkbackd.ioengine.IoRequest;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A read-only disk cannot write, whatever it is asked: the kernel would not let it. */
class ReadOnlyTest {

    private static final int O_ACCMODE = 3;

    private final FileFixture files = FileFixture.with4096();

    @AfterEach
    void close() {
        files.close();
    }

    /** With a tail from the start, and one that comes and goes while it grows. */
    @ParameterizedTest
    @ValueSource(strings = {"direct", "buffered"})
    void holdsNoDescriptorThatCouldWrite(String scheme) throws IOException {
        Path image = files.images.create(FileFixture.SIZE + 512);
        try (Disk disk = open(scheme, image.toString()); EngineDriver driver = new EngineDriver(disk, 4)) {
            for (int growth : new int[] {512, 1024, 4096, 8704}) {
                TestImages.resize(image, FileFixture.SIZE + growth);
                assertEquals(FileFixture.SIZE + growth, disk.remeasure().info().sizeBytes());
                List<Integer> modes = accessModes(image);
                assertEquals(scheme.equals("direct") && growth % 4096 != 0 ? 2 : 1, modes.size());
                assertTrue(modes.stream().allMatch(mode -> mode == Linux.O_RDONLY), modes + " after " + growth);
                assertTriesNothing(driver);
            }
        }
        assertNothingChanged();
    }

    @ParameterizedTest
    @ValueSource(strings = {"direct", "buffered", ""})
    void servesAFileOnAReadOnlyFileSystem(String scheme) throws IOException {
        Path directory = Files.createDirectory(files.images.directory().resolve("mounted"));
        Path image = directory.resolve("a.img");
        Files.createFile(image);
        TestImages.resize(image, FileFixture.SIZE + 512);
        bindToItself(directory);
        try {
            LoopDevice.run("mount", "-o", "remount,bind,ro", directory.toString());
            assertRefusedForWriting(new DiskSpec(scheme, image.toString()), "EROFS");
            files.io.calls().clear();
            try (Disk disk = open(scheme, image.toString()); EngineDriver driver = new EngineDriver(disk, 4)) {
                assertEquals(FileFixture.SIZE + 512, disk.remeasure().info().sizeBytes());
                assertTriesNothing(driver);
            }
            assertNothingChanged();
        } finally {
            LoopDevice.run("umount", directory.toString());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"direct", "buffered", ""})
    void servesABlockDeviceThatWasMadeReadOnly(String scheme) {
        try (LoopDevice device = LoopDevice.attach(files.images.create(FileFixture.SIZE), 512, false)) {
            device.setReadOnly(true);
            assertRefusedForWriting(new DiskSpec(scheme, device.path()), "");
            files.io.calls().clear();
            try (Disk disk = open(scheme, device.path()); EngineDriver driver = new EngineDriver(disk, 4)) {
                assertTriesNothing(driver);
                assertFalse(disk.info().discard());
            }
            assertNothingChanged();
            device.setReadOnly(false);
            files.provider.open(new DiskSpec(scheme, device.path()), false).close();
        }
    }

    private Disk open(String scheme, String target) {
        DiskSpec spec = new DiskSpec(scheme, target);
        files.provider.check(spec, true);
        Disk disk = FileFixture.openOrSkip(files.provider, spec, true);
        assertTrue(disk.info().readOnly());
        return disk;
    }

    private void assertTriesNothing(EngineDriver driver) {
        IoRequest discard = new IoRequest(1);
        discard.prepareDiscard(0, 8192);
        assertEquals(-Errno.EROFS, driver.run(discard));
        assertEquals(-Errno.EROFS, driver.run(files.write(0, 512)));
        assertEquals(-Errno.EROFS, driver.run(files.write(FileFixture.SIZE - 4096, 4096)));
        assertEquals(0, driver.run(EngineDriver.flush()));
        assertEquals(0, driver.run(files.read(FileFixture.SIZE - 4096, 4096)));
    }

    private void assertNothingChanged() {
        for (String call : new String[] {"write", "punch", "truncate", "discard", "erase", "sync"}) {
            assertEquals(0, files.io.count(call), call);
        }
    }

    private void assertRefusedForWriting(DiskSpec spec, String why) {
        for (boolean check : new boolean[] {true, false}) {
            DiskException e = assertThrows(DiskException.class, () -> {
                if (check) {
                    files.provider.check(spec, false);
                } else {
                    files.provider.open(spec, false);
                }
            });
            assertEquals(DiskException.Kind.ACCESS, e.kind());
            assertTrue(e.getMessage().startsWith(spec + ": opened for writing but " + spec.target() + " is read-only ("
                + why) && e.getMessage().endsWith("; use mode 'r' in the disk line or make it writable"),
                e.getMessage());
        }
    }

    private static void bindToItself(Path directory) {
        try {
            LoopDevice.run("mount", "--bind", directory.toString(), directory.toString());
        } catch (IOException e) {
            abort("no mount; run as root where mount(8) works: " + e.getMessage());
        }
    }

    /** Of every descriptor this process has of a file, as the kernel tells: O_RDONLY, O_WRONLY or O_RDWR. */
    private static List<Integer> accessModes(Path image) throws IOException {
        List<Integer> modes = new ArrayList<>();
        try (var descriptors = Files.newDirectoryStream(Path.of("/proc/self/fd"))) {
            for (Path descriptor : descriptors) {
                if (Files.isSymbolicLink(descriptor) && Files.readSymbolicLink(descriptor).equals(image)) {
                    String info = Files.readString(Path.of("/proc/self/fdinfo").resolve(descriptor.getFileName()));
                    String flags = info.lines().filter(line -> line.startsWith("flags:")).findFirst().orElseThrow();
                    modes.add(Integer.parseInt(flags.substring(6).strip(), 8) & O_ACCMODE);
                }
            }
        }
        return modes;
    }
}
