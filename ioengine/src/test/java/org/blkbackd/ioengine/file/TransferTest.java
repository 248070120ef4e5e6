// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import org.blkbackd.ioengine.Disk;
import org.blkbackd.ioengine.EngineDriver;
import org.blkbackd.ioengine.Errno;
import org.blkbackd.ioengine.IoRequest;
import org.blkbackd.ioengine.IoRequest.Operation;
import org.blkbackd.ioengine.file.FaultyFileIo.Intervention;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What becomes of transfers that fall short, fail in the middle, or hit the end of a truncated file. */
class TransferTest {

    private final FileFixture files = FileFixture.with4096();
    private final Path image = files.images.create(FileFixture.SIZE);

    @AfterEach
    void close() {
        files.close();
    }

    @ParameterizedTest
    @CsvSource({"buffered,37", "buffered,511", "buffered,5000", "direct,4096", "direct,4608", "direct,12288"})
    void shortTransfersGoOnWhereTheyStopped(String scheme, int limit) {
        try (Disk disk = files.open(scheme, image); EngineDriver driver = new EngineDriver(disk, 1)) {
            files.io.limitTransfers(limit);
            for (int shift : new int[] {0, 512}) {
                files.fill(16384, 7 + shift / 512);
                assertEquals(0, driver.run(files.write(4096 + shift, 16384)));
                files.fill(16384, 0);
                assertEquals(0, driver.run(files.read(4096 + shift, 16384)));
                ByteBuffer read = files.memory.buffer(0, 16384);
                for (int i = 0; i < 16384; i++) {
                    assertEquals(7 + shift / 512, read.get(i));
                }
            }
        }
    }

    @Test
    void transfersThatNeverMoveABlockAreAnErrorAndNoLoop() {
        try (Disk disk = files.open("direct", image); EngineDriver driver = new EngineDriver(disk, 1)) {
            files.io.intervene((call, fd, offset, bytes) -> 512);
            assertEquals(-Errno.EIO, driver.run(files.read(0, 8192)));
            files.io.intervene((call, fd, offset, bytes) -> 0);
            assertEquals(-Errno.EIO, driver.run(files.write(0, 8192)));
            files.io.intervene((call, fd, offset, bytes) -> Intervention.PASS);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"buffered", "direct"})
    void interruptedCallsAreRepeated(String scheme) {
        try (Disk disk = files.open(scheme, image); EngineDriver driver = new EngineDriver(disk, 1)) {
            AtomicInteger interruptions = new AtomicInteger(5);
            files.io.intervene((call, fd, offset, bytes) ->
                interruptions.getAndDecrement() > 0 ? -Errno.EINTR : Intervention.PASS);
            assertEquals(0, driver.run(files.write(512, 4096)));
        }
    }

    @ParameterizedTest
    @CsvSource({"buffered,0", "buffered,4096", "buffered,5120", "direct,0", "direct,4096", "direct,5120"})
    void anImageTruncatedUnderUsReadsAsAnError(String scheme, long bytes) {
        try (Disk disk = files.open(scheme, image); EngineDriver driver = new EngineDriver(disk, 1)) {
            TestImages.resize(image, bytes);
            assertEquals(-Errno.EIO, driver.run(files.read(4096, 4096)));
            assertEquals(-Errno.EIO, driver.run(files.read(0, 1 << 19)));
            assertEquals(-Errno.EIO, driver.run(files.read(8192 + 512, 512)));
            if (scheme.equals("direct")) {
                assertEquals(-Errno.EIO, driver.run(files.write(8192 + 512, 512)), "no block to modify");
            }
        }
    }

    /** A bounced read that fails must not hand out what the bounce buffer held before. */
    @Test
    void aReadThatFailsLeavesNoOldBytesInTheCallersMemory() {
        try (Disk disk = files.open("direct", image); EngineDriver driver = new EngineDriver(disk, 1)) {
            files.fill(65536, 0x77);
            assertEquals(0, driver.run(files.write(512, 65536)));
            files.fill(65536, 0);
            TestImages.resize(image, 8192);
            assertEquals(-Errno.EIO, driver.run(files.read(512, 65536)));
            ByteBuffer read = files.memory.buffer(0, 65536);
            for (int i = 8192; i < 65536; i++) {
                assertNotEquals(0x77, read.get(i));
            }
        }
    }

    /** Fails call k of a request that takes several, for every k: never a success. */
    @ParameterizedTest
    @CsvSource({"READ,buffered,0", "WRITE,buffered,0", "READ,direct,0", "WRITE,direct,0", "READ,direct,512",
        "WRITE,direct,512"})
    void theFirstErrorWinsWhereverItStrikes(Operation operation, String scheme, int shift) {
        Path odd = files.images.create(FileFixture.SIZE + 1536);
        int bytes = 1 << 19;
        long offset = FileFixture.SIZE + 1536 - bytes - shift;
        try (Disk disk = files.open(scheme, odd); EngineDriver driver = new EngineDriver(disk, 1)) {
            files.io.limitTransfers(65536);
            long before = files.io.count("read") + files.io.count("write");
            assertEquals(0, driver.run(request(operation, offset, bytes)));
            long calls = files.io.count("read") + files.io.count("write") - before;
            for (int k = 1; k <= calls; k++) {
                AtomicInteger number = new AtomicInteger();
                int failing = k;
                files.io.intervene((call, fd, at, length) -> {
                    int n = number.incrementAndGet();
                    return n < failing ? Intervention.PASS : n == failing ? -Errno.ENOSPC : -Errno.EIO;
                });
                assertEquals(-Errno.ENOSPC, driver.run(request(operation, offset, bytes)), "call " + k);
                assertEquals(k, number.get(), "it went on after the error");
            }
            files.io.intervene((call, fd, at, length) -> Intervention.PASS);
        }
    }

    @Test
    void otherErrorsAreReportedAsTheyAre() {
        try (Disk disk = files.open("buffered", image); EngineDriver driver = new EngineDriver(disk, 1)) {
            for (int errno : new int[] {Errno.EAGAIN, Errno.EDQUOT, Errno.ESTALE, 71}) {
                files.io.intervene((call, fd, offset, bytes) -> -errno);
                assertEquals(-errno, driver.run(files.write(0, 512)));
            }
            files.io.intervene((call, fd, offset, bytes) -> {
                throw new IllegalStateException("a bug");
            });
            assertEquals(-Errno.EIO, driver.run(files.write(0, 512)), "a bug is no success and costs no thread");
            files.io.intervene((call, fd, offset, bytes) -> Intervention.PASS);
            assertEquals(0, driver.run(files.write(0, 512)));
        }
    }

    @Test
    void alignedMemoryIsNeverCopied() {
        try (Disk disk = files.open("direct", image); EngineDriver driver = new EngineDriver(disk, 1)) {
            IoRequest request = new IoRequest(4);
            request.prepare(Operation.WRITE, 8192);
            for (int i = 0; i < 4; i++) {
                request.add(files.memory.address() + i * 8192L, 4096);
            }
            files.io.calls().clear();
            assertEquals(0, driver.run(request));
            assertEquals(1, files.io.calls().size());
            assertEquals(" 8192+4096", files.io.calls().get(0).replaceFirst("write \\d+", ""));
        }
    }

    @Test
    void aPartOfABlockIsReadAndWrittenBackWhole() {
        try (Disk disk = files.open("direct", image); EngineDriver driver = new EngineDriver(disk, 1)) {
            files.io.calls().clear();
            assertEquals(0, driver.run(files.write(512, 8192)));
            assertEquals("read 0+4096 read 8192+4096 write 0+12288", callsWithoutDescriptors());
            files.io.calls().clear();
            assertEquals(0, driver.run(files.write(512, 512)));
            assertEquals("read 0+4096 write 0+4096", callsWithoutDescriptors());
            files.io.calls().clear();
            assertEquals(0, driver.run(files.write(0, 4608)));
            assertEquals("read 4096+4096 write 0+8192", callsWithoutDescriptors());
        }
    }

    private String callsWithoutDescriptors() {
        return String.join(" ", files.io.calls()).replaceAll("(read|write) \\d+", "$1");
    }

    private IoRequest request(Operation operation, long offset, int bytes) {
        return operation == Operation.READ ? files.read(offset, bytes) : files.write(offset, bytes);
    }
}
