// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.xenstore.client;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import org.blkbackd.xenstore.XenstoreException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Over a FIFO, which blocks its reader as /dev/xen/xenbus does; opened for both it gives back what was written. */
@Timeout(60)
class CharacterDeviceTest {

    @TempDir
    private Path directory;
    private Path fifo;

    @BeforeEach
    void makeFifo() throws Exception {
        fifo = directory.resolve("xenbus");
        assertEquals(0, new ProcessBuilder("mkfifo", fifo.toString()).inheritIO().start().waitFor());
    }

    @Test
    void writesWhileAReadIsBlocked() throws Exception {
        CharacterDevice device = new CharacterDevice(fifo);
        ByteBuffer into = ByteBuffer.allocate(16);
        CompletableFuture<Integer> read = reading(device, into);
        device.write(new byte[] {1, 2, 3});
        assertEquals(3, read.join());
        assertArrayEquals(new byte[] {1, 2, 3}, Arrays.copyOf(into.array(), 3));
        device.close();
    }

    @Test
    void refusesWhatTheKernelsBufferDoesNotHold() throws IOException {
        CharacterDevice device = new CharacterDevice(fifo);
        device.write(new byte[4096]);
        assertEquals("E2BIG", assertThrows(XenstoreException.class, () -> device.write(new byte[4097])).error());
        device.close();
    }

    @Test
    void closingEndsABlockedRead() throws Exception {
        CharacterDevice device = new CharacterDevice(fifo);
        CompletableFuture<Integer> read = reading(device, ByteBuffer.allocate(16));
        assertFalse(read.isDone());
        device.close();
        assertInstanceOf(IOException.class, assertThrows(CompletionException.class, read::join).getCause());
        device.close();
    }

    /** Starts a read that blocks, as nothing was written yet. */
    private static CompletableFuture<Integer> reading(CharacterDevice device, ByteBuffer into) throws Exception {
        CompletableFuture<Integer> result = new CompletableFuture<>();
        CountDownLatch started = new CountDownLatch(1);
        Thread thread = new Thread(() -> {
            started.countDown();
            try {
                result.complete(device.read(into));
            } catch (IOException e) {
                result.completeExceptionally(e);
            }
        }, "reader");
        thread.start();
        started.await();
        // In the read, or about to be: both have to end.
        Thread.sleep(50);
        return result;
    }
}
