// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.blkbackd.ioengine.Disk;
import org.blkbackd.ioengine.DiskException;
import org.blkbackd.ioengine.DiskException.Kind;
import org.blkbackd.ioengine.DiskSpec;
import org.blkbackd.ioengine.EngineDriver;
import org.blkbackd.ioengine.Errno;
import org.blkbackd.ioengine.file.FaultyFileIo.Intervention;
import org.blkbackd.ioengine.file.FileOptions.Caching;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What is opened, what is refused, and with which line. */
class FileProviderTest {

    private final FileFixture files = FileFixture.plain();

    @AfterEach
    void close() {
        files.close();
    }

    @Test
    void opensABarePathDirectlyWhereTheImageAllowsIt() {
        Path image = files.images.create(FileFixture.SIZE);
        try (Disk disk = open(image.toString(), false)) {
            assumeTrue(disk.info().direct(), "no O_DIRECT below target/; build on ext4 or XFS to run this");
        }
        files.io.refuseOpenFlags(Linux.O_DIRECT);
        try (Disk disk = open(image.toString(), false)) {
            assertFalse(disk.info().direct());
        }
        refused("direct:" + image, false, Kind.UNSUPPORTED, "has no O_DIRECT; use buffered:" + image);
    }

    @Test
    void findsTheDirectAlignmentByTryingWhereTheKernelDoesNotTell() throws IOException {
        Path image = files.images.create(FileFixture.SIZE);
        Files.write(image, new byte[(int) FileFixture.SIZE]);
        files.open("direct", image).close();
        files.io.hideDirectAlignment();
        files.io.intervene((call, fd, offset, bytes) ->
            call.equals("read") && bytes < 2048 ? -Errno.EINVAL : Intervention.PASS);
        try (Disk disk = open("direct:" + image, false)) {
            assertEquals(2048, disk.info().logicalSectorSize());
        }
        files.io.intervene((call, fd, offset, bytes) -> call.equals("read") ? -Errno.EINVAL : Intervention.PASS);
        refused("direct:" + image, false, Kind.UNSUPPORTED, "use buffered:");
    }

    @Test
    void aHoleSaysNothingAboutAlignment() {
        Path image = files.images.create(FileFixture.SIZE);
        files.open("direct", image).close();
        files.io.hideDirectAlignment();
        try (Disk disk = open("direct:" + image, false)) {
            assertEquals(4096, disk.info().logicalSectorSize());
        }
    }

    @Test
    void servesWholeSectorsOnly() {
        Path image = files.images.create(FileFixture.SIZE + 700);
        try (Disk disk = open("buffered:" + image, false)) {
            assertEquals(FileFixture.SIZE + 512, disk.info().sizeBytes());
            assertEquals(512, disk.info().logicalSectorSize());
        }
    }

    @Test
    void opensReadOnlyForReal() {
        Path image = files.images.create(FileFixture.SIZE);
        files.io.intervene((call, fd, flags, bytes) ->
            call.equals("open") && (flags & 3) != Linux.O_RDONLY ? -Errno.EROFS : Intervention.PASS);
        try (Disk disk = open("buffered:" + image, true); EngineDriver driver = new EngineDriver(disk, 1)) {
            assertTrue(disk.info().readOnly());
            assertFalse(disk.info().discard());
            assertEquals(0, driver.run(files.read(0, 512)));
            assertEquals(0, files.io.count("punch"));
        }
        refused("buffered:" + image, false, Kind.ACCESS, "opened for writing but " + image
            + " is read-only (EROFS); use mode 'r' in the disk line or make it writable");
    }

    @Test
    void aFileThatMayNotBeReadIsAMatterOfPermissions() {
        Path image = files.images.create(FileFixture.SIZE);
        files.io.intervene((call, fd, offset, bytes) -> call.equals("open") ? -Errno.EACCES : Intervention.PASS);
        refused("buffered:" + image, true, Kind.ACCESS, "may not read it (EACCES)");
    }

    @Test
    void neverCreatesAFile() {
        Path missing = files.images.directory().resolve("missing");
        refusedAndChecked(missing.toString(), Kind.NOT_FOUND, "there is no such file (ENOENT)");
        refusedAndChecked(missing + "/below", Kind.NOT_FOUND, "there is no such file (ENOENT)");
        assertFalse(Files.exists(missing));
        Path file = files.images.create(512);
        refusedAndChecked(file + "/below", Kind.NOT_FOUND, "there is no such file (ENOTDIR)");
    }

    @Test
    void refusesWhatIsNoDisk() throws IOException {
        Path directory = files.images.directory();
        refusedAndChecked(directory.toString(), Kind.UNSUPPORTED, "this is a directory");
        refusedAndChecked("/dev/zero", Kind.UNSUPPORTED, "this is a character device");
        Path socket = directory.resolve("s");
        try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            server.bind(UnixDomainSocketAddress.of(socket));
            refusedAndChecked(socket.toString(), Kind.UNSUPPORTED, "this is a socket");
        }
        refusedAndChecked(files.images.create(0).toString(), Kind.UNSUPPORTED, "0 bytes are no disk");
        refusedAndChecked(files.images.create(511).toString(), Kind.UNSUPPORTED, "511 bytes are no disk");
    }

    @Test
    void doesNotHangOnAFifo() throws Exception {
        Path fifo = files.images.directory().resolve("fifo");
        assumeTrue(new ProcessBuilder("mkfifo", fifo.toString()).start().waitFor() == 0, "mkfifo(1) makes the FIFO");
        for (boolean readOnly : new boolean[] {true, false}) {
            assertTimeoutPreemptively(Duration.ofSeconds(30), () ->
                refused("buffered:" + fifo, readOnly, Kind.UNSUPPORTED, "this is a FIFO"));
        }
        refusedAndChecked(fifo.toString(), Kind.UNSUPPORTED, "this is a FIFO");
    }

    @Test
    void refusesPathsThatAreNone() {
        refusedAndChecked("direct:relative/path", Kind.BAD_SPEC, "give an absolute path");
        refusedAndChecked("buffered:/tmp/a\nb", Kind.BAD_SPEC, "control characters");
        refusedAndChecked("/tmp/a\0b", Kind.BAD_SPEC, "control characters");
        refusedAndChecked("/" + "x".repeat(5000), Kind.BAD_SPEC, "cannot be resolved (ENAMETOOLONG)");
        DiskException e = assertThrows(DiskException.class, () -> open("/tmp/a\nb", false));
        assertEquals(-1, e.getMessage().indexOf('\n'), "one line");
    }

    @Test
    void followsLinksButNotInCircles() throws IOException {
        Path image = files.images.create(FileFixture.SIZE);
        Path link = Files.createSymbolicLink(files.images.directory().resolve("link"), image);
        open("buffered:" + link, false).close();
        Path circle = files.images.directory().resolve("circle");
        Files.createSymbolicLink(circle, circle);
        refusedAndChecked(circle.toString(), Kind.BAD_SPEC, "cannot be resolved (ELOOP)");
    }

    @Test
    void checksWithoutOpening() {
        Path image = files.images.create(FileFixture.SIZE);
        for (String scheme : new String[] {"direct:", "buffered:", ""}) {
            files.provider.check(DiskSpec.parse(scheme + image), false);
            files.provider.check(DiskSpec.parse(scheme + image), true);
        }
        assertEquals(0, files.io.count("open"));
    }

    @Test
    void keepsNoDescriptorWhateverFails() throws IOException {
        Path image = files.images.create(FileFixture.SIZE + 512);
        long before = descriptors();
        for (int failing = 1; failing <= 6; failing++) {
            int[] left = {failing};
            try (FileFixture large = FileFixture.with4096()) {
                large.io.intervene((call, fd, offset, bytes) ->
                    call.equals("open") && --left[0] == 0 ? -Errno.ENOMEM : Intervention.PASS);
                try {
                    large.open("direct", image).close();
                } catch (DiskException e) {
                    assertEquals(Kind.IO, e.kind());
                }
            }
        }
        assertEquals(before, descriptors());
    }

    @Test
    void reportsAFailedCloseOnceAndLetsGoAllTheSame() throws IOException {
        long before = descriptors();
        Disk disk = open("buffered:" + files.images.create(FileFixture.SIZE), false);
        files.io.intervene((call, fd, offset, bytes) -> call.equals("close") ? -Errno.EDQUOT : Intervention.PASS);
        DiskException e = assertThrows(DiskException.class, disk::close);
        assertEquals(Kind.IO, e.kind());
        assertTrue(e.getMessage().contains("closing failed with EDQUOT"), e.getMessage());
        disk.close();
        assertEquals(before, descriptors());
    }

    @Test
    void theConfiguredEngineServesBarePaths() {
        Path image = files.images.create(FileFixture.SIZE);
        try (FileFixture buffered = new FileFixture(FileOptions.DEFAULTS.withBarePath(Caching.BUFFERED));
             Disk disk = buffered.provider.open(DiskSpec.parse(image.toString()), false)) {
            assertFalse(disk.info().direct());
        }
        try (FileFixture direct = new FileFixture(FileOptions.DEFAULTS.withBarePath(Caching.DIRECT))) {
            direct.io.refuseOpenFlags(Linux.O_DIRECT);
            DiskSpec spec = DiskSpec.parse(image.toString());
            assertThrows(DiskException.class, () -> direct.provider.open(spec, false));
        }
    }

    @Test
    void refusesOptionsThatMakeNoSense() {
        assertThrows(IllegalArgumentException.class, () -> FileOptions.DEFAULTS.withIoThreads(1));
        assertThrows(IllegalArgumentException.class, () -> FileOptions.DEFAULTS.withForcedAlignment(256));
        assertThrows(IllegalArgumentException.class, () -> FileOptions.DEFAULTS.withForcedAlignment(5000));
        assertThrows(IllegalArgumentException.class, () -> FileOptions.DEFAULTS.withForcedAlignment(1 << 17));
    }

    private Disk open(String spec, boolean readOnly) {
        return files.provider.open(DiskSpec.parse(spec), readOnly);
    }

    private void refusedAndChecked(String spec, Kind kind, String message) {
        refused(spec, false, kind, message);
        refused(spec, true, kind, message);
        assertRefusal(assertThrows(DiskException.class,
            () -> files.provider.check(DiskSpec.parse(spec), true)), kind, message);
    }

    private void refused(String spec, boolean readOnly, Kind kind, String message) {
        assertRefusal(assertThrows(DiskException.class, () -> open(spec, readOnly)), kind, message);
    }

    private static void assertRefusal(DiskException e, Kind kind, String message) {
        assertEquals(kind, e.kind(), e.getMessage());
        assertTrue(e.getMessage().contains(message), e.getMessage());
    }

    private static long descriptors() throws IOException {
        try (var open = Files.list(Path.of("/proc/self/fd"))) {
            return open.filter(fd -> readLink(fd).contains("/images-")).count();
        }
    }

    private static String readLink(Path fd) {
        try {
            return Files.readSymbolicLink(fd).toString();
        } catch (IOException e) {
            return "";
        }
    }
}
