// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.sim;

import java.util.concurrent.ExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.ToLongFunction;
import org.blkbackd.ioengine.Disk;
import org.blkbackd.ioengine.IoEngine;
import org.blkbackd.ioengine.IoLoop;
import org.blkbackd.ioengine.IoRequest;

/** A disk that takes its time: a completion becomes visible only some time after the disk below completed. */
public final class SlowDisk extends WrappingDisk {

    private final ToLongFunction<IoRequest> delayMs;
    private final ScheduledThreadPoolExecutor timer;

    private SlowDisk(Disk disk, ToLongFunction<IoRequest> delayMs) {
        super(disk);
        this.delayMs = delayMs;
        timer = new ScheduledThreadPoolExecutor(1, task -> {
            Thread thread = new Thread(task, "blkbackd-slow-disk");
            thread.setDaemon(true);
            return thread;
        });
    }

    /** The same delay for everything. Closing it closes the disk. */
    public static SlowDisk wrap(Disk disk, long delayMs) {
        return new SlowDisk(disk, request -> delayMs);
    }

    /** A delay for each request, asked for on the engine's thread; differing ones reorder. */
    public static SlowDisk wrap(Disk disk, ToLongFunction<IoRequest> delayMs) {
        return new SlowDisk(disk, delayMs);
    }

    @Override
    public IoEngine newEngine(int depth, IoLoop loop) {
        return new SlowEngine(this, super.newEngine(depth, loop), loop, depth);
    }

    @Override
    public void close() {
        super.close();
        timer.shutdownNow();
    }

    /** Shows a completion to its engine when its time has come. */
    void delay(SlowEngine engine, IoRequest request) {
        timer.schedule(() -> engine.release(request), delayMs.applyAsLong(request), TimeUnit.MILLISECONDS);
    }

    /** Returns when a release that runs has returned. */
    void awaitTimer() {
        try {
            timer.submit(() -> { }).get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException e) {
            throw new IllegalStateException(e);
        }
    }
}
