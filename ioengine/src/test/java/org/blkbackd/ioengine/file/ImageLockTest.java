// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.blkbackd.ioengine.Disk;
import org.blkbackd.ioengine.DiskException;
import org.blkbackd.ioengine.DiskException.Kind;
import org.blkbackd.ioengine.DiskSpec;
import org.blkbackd.ioengine.Errno;
import org.blkbackd.ioengine.OpenMode;
import org.blkbackd.ioengine.file.FaultyFileIo.Intervention;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The lock of an image among the disks of one process; {@link OtherProcessLockTest} has the rest. */
class ImageLockTest {

    private static final long LONG_MS = 60_000;

    private final FileFixture files = FileFixture.plain();
    private final Path image = files.images.create(FileFixture.SIZE);
    private final DiskSpec spec = new DiskSpec("buffered", image.toString());

    @AfterEach
    void close() {
        files.close();
    }

    @ParameterizedTest
    @CsvSource({"false,false", "true,false", "false,true"})
    void anImageHasOneWriterOrOnlyReaders(boolean first, boolean second) {
        try (Disk disk = files.provider.open(spec, first)) {
            assertEquals("", disk.warning());
            DiskException e = assertThrows(DiskException.class, () -> files.provider.open(spec, second));
            assertEquals(Kind.IN_USE, e.kind());
            assertEquals(spec + ": is in use by another disk of this service (pid " + ProcessHandle.current().pid()
                + "); it is served when that lets go", e.getMessage());
            files.provider.check(spec, second);
        }
        files.provider.open(spec, second).close();
    }

    @Test
    void readersGetAlong() {
        try (Disk one = files.provider.open(spec, true); Disk other = files.provider.open(spec, true)) {
            assertEquals(one.info(), other.info());
            assertInUse(false);
        }
    }

    @Test
    void theEnginesShareOneLock() {
        try (Disk direct = files.open("direct", image)) {
            assertTrue(direct.info().direct());
            assertInUse(false);
            assertInUse(true);
        }
    }

    @Test
    void setsTheBytesThatQemuLooksAt() throws IOException {
        try (Disk disk = files.provider.open(spec, false)) {
            assertEquals(List.of("100-101", "103-103", "201-201", "203-203"), locks(), disk.warning());
        }
        try (Disk disk = files.provider.open(spec, true)) {
            assertEquals(List.of("100-100", "201-201", "203-203"), locks(), disk.warning());
        }
        assertEquals(List.of(), locks());
    }

    @Test
    void waitsForAHolderToLetGo() throws Exception {
        Disk holder = files.provider.open(spec, false);
        CompletableFuture<Disk> waiting = CompletableFuture.supplyAsync(() ->
            files.provider.open(spec, OpenMode.exclusive(false).withPatience(LONG_MS)));
        awaitAnotherTry();
        assertFalse(waiting.isDone());
        TestImages.resize(image, 3 * FileFixture.SIZE);
        holder.close();
        try (Disk disk = waiting.get()) {
            assertEquals(3 * FileFixture.SIZE, disk.info().sizeBytes(), "measured when it has the lock");
        }
    }

    @Test
    void servesWhatIsAtThePathWhenTheHolderLetsGo() throws Exception {
        Disk holder = files.provider.open(spec, false);
        CompletableFuture<Disk> waiting = CompletableFuture.supplyAsync(() ->
            files.provider.open(spec, OpenMode.exclusive(false).withPatience(LONG_MS)));
        awaitAnotherTry();
        Files.move(files.images.create(2 * FileFixture.SIZE), image, StandardCopyOption.REPLACE_EXISTING);
        try (Disk disk = waiting.get()) {
            assertEquals(2 * FileFixture.SIZE, disk.info().sizeBytes());
        }
        holder.close();
    }

    @Test
    void losesItsPatience() {
        try (Disk disk = files.provider.open(spec, false)) {
            assertEquals(FileFixture.SIZE, disk.info().sizeBytes());
            DiskException e = assertThrows(DiskException.class,
                () -> files.provider.open(spec, OpenMode.exclusive(false).withPatience(50)));
            assertEquals(Kind.IN_USE, e.kind());
            Thread.currentThread().interrupt();
            assertThrows(DiskException.class,
                () -> files.provider.open(spec, OpenMode.exclusive(false).withPatience(LONG_MS)));
            assertTrue(Thread.interrupted(), "an interrupt ends the waiting and is not swallowed");
        }
        assertThrows(IllegalArgumentException.class, () -> OpenMode.exclusive(false).withPatience(-1));
    }

    @Test
    void sharedOpensNeitherTakeNorHeedTheLock() throws IOException {
        OpenMode shared = new OpenMode(false, false, 0);
        try (Disk one = files.provider.open(spec, shared)) {
            assertEquals("", one.warning());
            assertEquals(List.of(), locks());
            try (Disk owner = files.provider.open(spec, false); Disk other = files.provider.open(spec, shared)) {
                assertEquals(owner.info(), other.info());
            }
        }
    }

    /** Closing any descriptor of a file would drop the other kind of locks, those of a process. */
    @Test
    void keepsTheLockWhileTheTailComesAndGoes() {
        try (FileFixture large = FileFixture.with4096()) {
            try (Disk disk = large.open("direct", image)) {
                for (int change : new int[] {512, 4096, 4608}) {
                    disk.grow(FileFixture.SIZE + change);
                    assertInUse(false);
                }
                large.provider.open(spec, new OpenMode(true, false, 0)).close();
                assertInUse(true);
            }
            files.provider.open(spec, false).close();
        }
    }

    @Test
    void nothingIsTriedOnAnImageOfSomebodyElse() {
        try (Disk disk = files.provider.open(spec, false)) {
            assertEquals("", disk.warning());
            files.io.calls().clear();
            assertInUse(false);
            for (String call : new String[] {"write", "punch", "truncate", "drop"}) {
                assertEquals(0, files.io.count(call), call);
            }
            assertEquals(files.io.count("open"), files.io.count("close"));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {Errno.ENOLCK, Errno.EOPNOTSUPP, Errno.EINVAL, Errno.ENOSYS})
    void servesWithAWarningWhereThereAreNoLocks(int errno) {
        files.io.intervene((call, fd, offset, bytes) -> call.equals("lock") ? -errno : Intervention.PASS);
        try (Disk disk = files.provider.open(spec, false)) {
            assertEquals(spec + ": its file system has no locks (" + Errno.name(errno)
                + "), so nothing keeps others from writing to it; make sure that nobody does", disk.warning());
            disk.grow(2 * FileFixture.SIZE);
            assertFalse(disk.warning().isEmpty());
        }
    }

    @Test
    void aLockThatFailsIsNoLock() {
        files.io.intervene((call, fd, offset, bytes) -> call.equals("asklock") ? -Errno.EIO : Intervention.PASS);
        DiskException e = assertThrows(DiskException.class, () -> files.provider.open(spec, false));
        assertEquals(Kind.IO, e.kind());
        assertTrue(e.getMessage().startsWith(spec + ": cannot be locked (EIO)"), e.getMessage());
    }

    @Test
    void anInterruptedLockIsRepeated() {
        AtomicInteger interruptions = new AtomicInteger(3);
        files.io.intervene((call, fd, offset, bytes) ->
            call.endsWith("lock") && interruptions.getAndDecrement() > 0 ? -Errno.EINTR : Intervention.PASS);
        try (Disk disk = files.provider.open(spec, false)) {
            assertEquals("", disk.warning());
            assertInUse(false);
        }
    }

    @ParameterizedTest
    @CsvSource({"lock: 1: OFDLCK ADVISORY  READ -1 fe:00:77 100 101,true",
        "lock: 1: OFDLCK ADVISORY  READ -1 fe:00:77 203 203,true",
        "lock: 22: POSIX  ADVISORY  WRITE 123 00:1f:77 0 EOF,true",
        "lock: 1: OFDLCK ADVISORY  READ -1 fe:00:78 100 101,false",
        "lock: 1: OFDLCK ADVISORY  READ -1 fe:00:77 0 99,false",
        "lock: 1: OFDLCK ADVISORY  READ -1 fe:00:77 204 204,false",
        "lock: 1: FLOCK  ADVISORY  WRITE 123 fe:00:77 0 EOF,false",
        "lock: 1: OFDLCK ADVISORY  READ -1 77 100 101,false", "lock: 1: OFDLCK,false", "flags: 02,false", "'',false"})
    void knowsALineOfTheHolder(String line, boolean expected) {
        assertEquals(expected, LockHolder.isLockOf(line, 77));
    }

    private void assertInUse(boolean readOnly) {
        DiskException e = assertThrows(DiskException.class, () -> files.provider.open(spec, readOnly));
        assertEquals(Kind.IN_USE, e.kind(), e.getMessage());
    }

    /** A try that begins after the call has failed, too. */
    private void awaitAnotherTry() throws InterruptedException {
        long tries = files.io.count("open");
        while (files.io.count("open") < tries + 6) {
            Thread.sleep(1);
        }
    }

    /** The ranges that descriptors of this process have locked on the image. */
    private List<String> locks() throws IOException {
        long inode = (Long) Files.getAttribute(image, "unix:ino");
        TreeSet<String> found = new TreeSet<>();
        try (var descriptors = Files.newDirectoryStream(Path.of("/proc/self/fdinfo"))) {
            for (Path descriptor : descriptors) {
                if (Files.exists(descriptor)) {
                    Files.readString(descriptor).lines().filter(line -> LockHolder.isLockOf(line, inode))
                        .map(line -> line.strip().split("\\s+")).forEach(word -> found.add(word[7] + "-" + word[8]));
                }
            }
        }
        return List.copyOf(found);
    }
}
