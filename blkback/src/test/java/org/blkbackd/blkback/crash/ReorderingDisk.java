// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.crash;

import java.util.Random;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.blkbackd.ioengine.Disk;
import org.blkbackd.ioengine.IoEngine;
import org.blkbackd.ioengine.IoLoop;
import org.blkbackd.ioengine.IoRequest;
import org.blkbackd.ioengine.sim.WrappingDisk;

/**
 * A disk on which requests overtake each other: each waits a time of its own, before it reaches the disk below or after
 * it was done there. So a kill finds requests that were never done, and others that were done and not answered.
 */
final class ReorderingDisk extends WrappingDisk {

    private final long seed;
    private final int mostDelayMs;
    private final long heldFrom;
    private final long heldTo;
    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor(task -> {
        Thread thread = new Thread(task, "reordering-disk");
        thread.setDaemon(true);
        return thread;
    });

    /** @param heldFrom with {@code heldTo}: writes that begin in this range of bytes wait until the process dies */
    ReorderingDisk(Disk disk, long seed, int mostDelayMs, long heldFrom, long heldTo) {
        super(disk);
        this.seed = seed;
        this.mostDelayMs = mostDelayMs;
        this.heldFrom = heldFrom;
        this.heldTo = heldTo;
    }

    @Override
    public IoEngine newEngine(int depth, IoLoop loop) {
        return new ReorderingEngine(this, super.newEngine(depth, loop), depth, loop, new Random(seed));
    }

    @Override
    public void close() {
        super.close();
        timer.shutdownNow();
    }

    boolean isHeld(IoRequest request) {
        return request.operation() == IoRequest.Operation.WRITE && request.offsetBytes() >= heldFrom
            && request.offsetBytes() < heldTo;
    }

    /** Half of the requests hardly wait, the others up to the most there is. */
    long delayUs(Random random) {
        return mostDelayMs == 0 ? 0 : random.nextInt(random.nextBoolean() ? 200 : 1000 * mostDelayMs);
    }

    void after(long delayUs, Runnable then) {
        timer.schedule(then, delayUs, TimeUnit.MICROSECONDS);
    }
}
