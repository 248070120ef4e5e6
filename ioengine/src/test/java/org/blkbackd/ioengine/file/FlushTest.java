// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.blkbackd.ioengine.Disk;
import org.blkbackd.ioengine.DiskException;
import org.blkbackd.ioengine.EngineDriver;
import org.blkbackd.ioengine.Errno;
import org.blkbackd.ioengine.IoEngine;
import org.blkbackd.ioengine.IoRequest;
import org.blkbackd.ioengine.SleepingLoop;
import org.blkbackd.ioengine.file.FaultyFileIo.Intervention;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FlushTest {

    private final FileFixture files = FileFixture.plain();
    private final Path image = files.images.create(FileFixture.SIZE);

    @AfterEach
    void close() {
        files.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"direct", "buffered"})
    void syncsAfterEveryWriteThatWasReapedBefore(String scheme) {
        try (Disk disk = files.open(scheme, image);
             EngineDriver writer = new EngineDriver(disk, 8);
             EngineDriver flusher = new EngineDriver(disk, 1)) {
            for (int i = 0; i < 8; i++) {
                assertTrue(writer.engine().submit(files.write(i * 4096L, 4096)));
            }
            writer.engine().kick();
            writer.drain();
            assertEquals(0, files.io.count("sync"));
            assertEquals(0, flusher.run(EngineDriver.flush()));
            assertEquals(1, files.io.count("sync"));
            int sync = files.io.calls().indexOf(find("sync "));
            long before = files.io.calls().subList(0, sync).stream().filter(c -> c.startsWith("write ")).count();
            assertEquals(8, before);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    void coversTheTailToo(int failing) {
        try (FileFixture large = FileFixture.with4096()) {
            Disk disk = large.open("direct", large.images.create(FileFixture.SIZE + 1536));
            try (EngineDriver driver = new EngineDriver(disk, 1)) {
                large.io.calls().clear();
                assertEquals(0, driver.run(large.write(FileFixture.SIZE - 4096, 4096 + 1536)));
                assertEquals(0, driver.run(EngineDriver.flush()));
                String calls = String.join(" ", large.io.calls());
                assertTrue(calls.matches("write (\\d+) \\S+ write (\\d+) \\S+ sync \\1 sync \\2"), calls);
                int failingFd = Integer.parseInt(large.io.calls().get(2 + failing).split(" ")[1]);
                large.io.intervene((call, fd, offset, bytes) ->
                    call.equals("sync") && fd == failingFd ? -Errno.EIO : Intervention.PASS);
                assertEquals(-Errno.EIO, driver.run(EngineDriver.flush()));
                large.io.intervene((call, fd, offset, bytes) -> Intervention.PASS);
                assertEquals(-Errno.EIO, driver.run(EngineDriver.flush()), "and stays so");
            }
            assertThrows(DiskException.class, disk::close);
        }
    }

    @Test
    void aFailedFlushFailsAllLaterOnesOfAllEnginesUntilTheImageIsOpenedAgain() {
        AtomicInteger failures = new AtomicInteger(1);
        files.io.intervene((call, fd, offset, bytes) ->
            call.equals("sync") && failures.getAndDecrement() > 0 ? -Errno.ENOSPC : Intervention.PASS);
        Disk disk = files.open("buffered", image);
        try (EngineDriver one = new EngineDriver(disk, 2); EngineDriver other = new EngineDriver(disk, 2)) {
            assertEquals(-Errno.ENOSPC, one.run(EngineDriver.flush()));
            assertEquals(-Errno.ENOSPC, other.run(EngineDriver.flush()));
            assertEquals(-Errno.ENOSPC, one.run(EngineDriver.flush()));
            assertEquals(0, one.run(files.write(0, 512)), "only flushes fail");
        }
        DiskException e = assertThrows(DiskException.class, disk::close);
        assertEquals(DiskException.Kind.IO, e.kind());
        assertTrue(e.getMessage().contains("ENOSPC"), e.getMessage());
        try (Disk again = files.open("buffered", image); EngineDriver driver = new EngineDriver(again, 1)) {
            assertEquals(0, driver.run(EngineDriver.flush()));
        }
    }

    /** The kernel tells one fdatasync of a failure; one that ran beside it would say that all is well. */
    @Test
    void noFlushRunsBesideAnotherOfTheSameDisk() throws Exception {
        CountDownLatch entered = new CountDownLatch(1);
        CountDownLatch leave = new CountDownLatch(1);
        AtomicInteger inside = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        files.io.intervene((call, fd, offset, bytes) -> {
            if (!call.equals("sync")) {
                return Intervention.PASS;
            }
            most.accumulateAndGet(inside.incrementAndGet(), Math::max);
            entered.countDown();
            await(leave);
            inside.decrementAndGet();
            return -Errno.EIO;
        });
        Disk disk = files.open("buffered", image);
        try (EngineDriver one = new EngineDriver(disk, 2); EngineDriver other = new EngineDriver(disk, 2)) {
            one.start(EngineDriver.flush());
            other.start(EngineDriver.flush());
            assertTrue(entered.await(30, TimeUnit.SECONDS));
            for (int i = 0; i < 50; i++) {
                assertEquals(0, readBeside(disk), "a flush that waits keeps nobody from reading");
            }
            assertEquals(1, other.engine().inFlight());
            leave.countDown();
            assertEquals(-Errno.EIO, one.await().result());
            assertEquals(-Errno.EIO, other.await().result());
        }
        assertEquals(1, most.get());
        assertEquals(1, files.io.count("sync"), "the second flush failed without asking again");
        assertThrows(DiskException.class, disk::close);
    }

    @Test
    void aFlushCoversTheDescriptorOfTheTailToo() {
        Path odd = files.images.create(FileFixture.SIZE + 512);
        try (FileFixture large = FileFixture.with4096()) {
            Disk disk = large.open("direct", odd);
            AtomicInteger syncs = new AtomicInteger();
            large.io.intervene((call, fd, offset, bytes) ->
                call.equals("sync") && syncs.incrementAndGet() == 2 ? -Errno.EIO : Intervention.PASS);
            try (EngineDriver driver = new EngineDriver(disk, 1)) {
                assertEquals(-Errno.EIO, driver.run(EngineDriver.flush()));
                assertEquals(-Errno.EIO, driver.run(EngineDriver.flush()));
            }
            assertEquals(2, syncs.get());
            assertThrows(DiskException.class, disk::close);
        }
    }

    @Test
    void anInterruptedSyncIsRepeated() {
        AtomicInteger interruptions = new AtomicInteger(3);
        files.io.intervene((call, fd, offset, bytes) ->
            call.equals("sync") && interruptions.getAndDecrement() > 0 ? -Errno.EINTR : Intervention.PASS);
        try (Disk disk = files.open("buffered", image); EngineDriver driver = new EngineDriver(disk, 1)) {
            assertEquals(0, driver.run(EngineDriver.flush()));
            assertEquals(4, files.io.count("sync"));
        }
    }

    private long readBeside(Disk disk) {
        try (EngineDriver reader = new EngineDriver(disk, 1)) {
            return reader.run(files.read(0, 512));
        }
    }

    private String find(String prefix) {
        return files.io.calls().stream().filter(call -> call.startsWith(prefix)).findFirst().orElseThrow();
    }

    static void await(CountDownLatch latch) {
        try {
            if (!latch.await(60, TimeUnit.SECONDS)) {
                throw new IllegalStateException("nobody opened the latch");
            }
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void theOwnerMayUseAFlushAgainBeforeItsThreadIsBack() throws InterruptedException {
        CountDownLatch reused = new CountDownLatch(1);
        try (Disk disk = files.open("buffered", image)) {
            IoEngine engine = disk.newEngine(2, new SleepingLoop(() -> {
                try {
                    reused.await(10, TimeUnit.SECONDS);
                } catch (InterruptedException e) {
                    throw new AssertionError(e);
                }
            }));
            IoRequest request = EngineDriver.flush();
            submit(engine, request);
            reap(engine);
            // Its thread is still in the wake-up; from here on the same object is a read.
            request.prepare(IoRequest.Operation.READ, 0);
            reused.countDown();
            request.add(files.write(0, 512).address(0), 512);
            submit(engine, request);
            assertEquals(0, reap(engine).result());
            submit(engine, EngineDriver.flush());
            assertEquals(0, reap(engine).result());
            engine.close();
        }
    }

    private static void submit(IoEngine engine, IoRequest request) {
        assertTrue(engine.submit(request));
        engine.kick();
    }

    private static IoRequest reap(IoEngine engine) throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        IoRequest done = engine.reap();
        while (done == null) {
            assertTrue(System.nanoTime() < deadline, "nothing completed");
            Thread.sleep(1);
            done = engine.reap();
        }
        return done;
    }
}
