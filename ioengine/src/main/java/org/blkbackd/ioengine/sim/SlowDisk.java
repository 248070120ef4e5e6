// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.sim;

import java.util.concurrent.ExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.ToLongFunction;
import org.blkbackd.ioengine.Disk;
import org.blkbackd.ioengine.DiskInfo;
import org.blkbackd.ioengine.IoEngine;
import org.blkbackd.ioengine.IoLoop;
import org.blkbackd.ioengine.IoRequest;
import org.blkbackd.ioengine.Measured;

/** A disk that takes its time: a completion becomes visible only some time after the disk below completed. */
public final class SlowDisk implements Disk {

    private final Disk disk;
    private final ToLongFunction<IoRequest> delayMs;
    private final ScheduledThreadPoolExecutor timer;

    private SlowDisk(Disk disk, ToLongFunction<IoRequest> delayMs) {
        this.disk = disk;
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
    public DiskInfo info() {
        return disk.info();
    }

    @Override
    public String warning() {
        return disk.warning();
    }

    @Override
    public IoEngine newEngine(int depth, IoLoop loop) {
        return new SlowEngine(this, disk.newEngine(depth, loop), loop, depth);
    }

    @Override
    public Measured remeasure() {
        return disk.remeasure();
    }

    @Override
    public Measured grow(long sizeBytes) {
        return disk.grow(sizeBytes);
    }

    @Override
    public void close() {
        disk.close();
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
