// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.migrate;

import com.sun.jna.Pointer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.LongPredicate;

/** What a host has below its engines: some writes take a while before they reach the image. Thread-safe. */
final class SlowStorage {

    /** One call of so many takes longer than the others. */
    private static final int SLOW_IN = 6;
    private static final int PATIENCE_S = 60;

    private final Random random;
    private final int mostMs;
    private volatile LongPredicate caught = offset -> false;
    private volatile CountDownLatch gate = new CountDownLatch(0);
    private volatile CountDownLatch waiting = new CountDownLatch(0);
    private volatile CountDownLatch landed = new CountDownLatch(0);

    /** @param mostMs that a call takes before it is done */
    SlowStorage(long seed, int mostMs) {
        random = new Random(seed);
        this.mostMs = mostMs;
    }

    /** Writes to these bytes go no further than the storage's own memory until {@link #letThrough}. */
    void hold(LongPredicate offsets) {
        gate = new CountDownLatch(1);
        waiting = new CountDownLatch(1);
        landed = new CountDownLatch(1);
        caught = offsets;
    }

    /** Waits until one is held. */
    void awaitHeld() throws InterruptedException {
        if (!waiting.await(PATIENCE_S, TimeUnit.SECONDS)) {
            throw new AssertionError("no write came to be held");
        }
    }

    /** What was held lands on the image now, whatever has happened to it meanwhile. */
    void letThrough() {
        caught = offset -> false;
        gate.countDown();
    }

    /** Waits until one that was held is on the image. */
    void awaitLanded() throws InterruptedException {
        if (!landed.await(PATIENCE_S, TimeUnit.SECONDS)) {
            throw new AssertionError("no write landed");
        }
    }

    void beforeRead() throws InterruptedException {
        delay();
    }

    /** Makes a call that changes the image, recorded from when it does. */
    Object change(Life life, StorageRecord record, String name, long offset, Callable<Object> real) throws Exception {
        delay();
        StorageRecord.Change change = record.begins(life, name + " @" + offset);
        try {
            return real.call();
        } finally {
            change.ended();
        }
    }

    /** A write that may be held: then it has left the host, and lands by itself. */
    Object write(Life life, StorageRecord record, Object[] arguments, Path image, Callable<Object> real)
        throws Exception {
        long offset = (Long) arguments[3];
        if (!caught.test(offset)) {
            return change(life, record, "write", offset, real);
        }
        ByteBuffer data = copied((Long) arguments[1], (Integer) arguments[2]);
        record.note(life, "held @" + offset);
        CountDownLatch until = gate;
        waiting.countDown();
        until.await();
        try {
            return change(life, record, "write", offset, () -> land(image, data, offset));
        } finally {
            landed.countDown();
        }
    }

    private static Object land(Path image, ByteBuffer data, long offset) throws IOException {
        try (FileChannel file = FileChannel.open(image, StandardOpenOption.WRITE)) {
            return (long) file.write(data, offset);
        }
    }

    /** What an array of struct iovec points at. */
    private static ByteBuffer copied(long iovecs, int count) {
        int length = 0;
        for (int i = 0; i < count; i++) {
            length += (int) new Pointer(iovecs).getLong(16L * i + 8);
        }
        ByteBuffer data = ByteBuffer.allocate(length);
        for (int i = 0; i < count; i++) {
            long address = new Pointer(iovecs).getLong(16L * i);
            int bytes = (int) new Pointer(iovecs).getLong(16L * i + 8);
            data.put(new Pointer(address).getByteArray(0, bytes));
        }
        return data.flip();
    }

    private void delay() throws InterruptedException {
        int ms;
        synchronized (random) {
            ms = mostMs > 0 && random.nextInt(SLOW_IN) == 0 ? random.nextInt(mostMs) + 1 : 0;
        }
        if (ms > 0) {
            Thread.sleep(ms);
        }
    }
}
