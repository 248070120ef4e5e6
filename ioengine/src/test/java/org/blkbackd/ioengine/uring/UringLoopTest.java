// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.uring;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.blkbackd.ioengine.IoLoop;
import org.blkbackd.ioengine.IoLoopContract;
import org.blkbackd.ioengine.IoMemory;
import org.blkbackd.ioengine.IoRequest;
import org.junit.jupiter.api.Test;

class UringLoopTest extends IoLoopContract {

    private static final int NO_DESCRIPTOR = 1_000_000;
    private static final int EBADF = 9;

    @Override
    protected IoLoop open() {
        return UringLoops.open();
    }

    @Test
    void belongsToTheThreadThatSleptInItFirst() throws Exception {
        try (UringLoop loop = UringLoops.open()) {
            Thread owner = new Thread(() -> {
                loop.announceSleep();
                loop.sleep(0);
            });
            owner.start();
            owner.join();
            loop.announceSleep();
            assertThrows(IllegalStateException.class, () -> loop.sleep(0));
        }
    }

    @Test
    void saysThatADescriptorCannotBeWatched() {
        try (UringLoop loop = UringLoops.open()) {
            loop.watch(NO_DESCRIPTOR);
            loop.announceSleep();
            assertThrows(IllegalStateException.class, () -> loop.sleep(0));
        }
    }

    /** The one it is for may have looked before. */
    @Test
    void doesNotSleepOnACompletionThatSomebodyElseCollected() {
        int[] result = new int[1];
        try (UringLoop loop = UringLoops.open(); IoMemory memory = IoMemory.allocate(8)) {
            int client = loop.register((slot, value) -> result[slot] = value);
            IoRequest read = new IoRequest(1);
            read.prepare(IoRequest.Operation.READ, 0);
            read.add(memory.address(), 8);
            for (int i = 0; i < 100; i++) {
                loop.announceSleep();
                assertTrue(loop.hasRoom(1));
                loop.start(client, 0, NO_DESCRIPTOR, read);
                loop.submit();
                loop.collect();
                assertEquals(-EBADF, result[0]);
                result[0] = 0;
                loop.sleep(IoLoop.FOR_EVER);
            }
        }
    }

    @Test
    void doesNotSleepOnAWakeUpThatSomebodyElseCollected() {
        try (UringLoop loop = UringLoops.open()) {
            for (int i = 0; i < 100; i++) {
                loop.announceSleep();
                loop.wake();
                for (int looks = 0; looks < 10; looks++) {
                    loop.collect();
                }
                loop.sleep(IoLoop.FOR_EVER);
            }
        }
    }
}
