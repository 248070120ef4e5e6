// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.statistics;

import java.io.IOException;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.blkbackd.blkback.ring.RingListener;
import org.blkbackd.blkback.ring.RingSentinel;
import org.blkbackd.blkback.ring.VbdRing;
import org.blkbackd.ioengine.IoRequest;
import org.blkbackd.xenstore.Xenstore;
import org.blkbackd.xenstore.XenstoreException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the {@link StatisticsFile} of every connected disk, by listening to what the workers tell the conductor. A disk
 * whose rings are active is counted every two seconds (xentop looks every three) and for some seconds after that; one
 * that is idle wakes nobody up. Trouble here costs figures in xentop, nothing else.
 */
public final class StatisticsPublisher implements RingListener, AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(StatisticsPublisher.class);
    private static final long TICK_MS = 2_000;
    private static final long JOIN_MS = 5_000;
    /** More than the time between two calls of {@link #active}: what happens in between is seen by a tick. */
    private static final int QUIET_TICKS = 4;

    private final RingListener next;
    private final StatisticsFolder folder;
    private final Xenstore xenstore;
    private final String area;
    private final ScheduledThreadPoolExecutor thread;
    private final Map<String, DiskMeter> disks = new TreeMap<>();
    private volatile Thread newest;
    private int ticksLeft;
    private boolean ticking;

    /**
     * Nothing is published yet.
     *
     * @param next     who the workers report to, and goes on to be told everything
     * @param xenstore stays the caller's
     * @param self     our own domain id
     */
    public StatisticsPublisher(RingListener next, StatisticsFolder folder, Xenstore xenstore, int self) {
        this.next = next;
        this.xenstore = xenstore;
        this.folder = folder;
        area = "/local/domain/" + self + "/backend/";
        thread = new ScheduledThreadPoolExecutor(1, this::newThread);
        thread.prestartCoreThread();
        thread.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    }

    /** Removes whatever an earlier daemon left in the folder. Not while that one is there. */
    public void removeLeftovers() {
        try {
            folder.keepOnly((domid, devid) -> false);
        } catch (IOException e) {
            LOG.warn("an earlier daemon's statistics stay: {}", e.toString());
        }
    }

    private Thread newThread(Runnable work) {
        newest = new Thread(work, "blkbackd-statistics");
        return newest;
    }

    // --- on its own thread ------------------------------------------------------------------------------------------

    private void run(String what, Runnable work) {
        try {
            thread.execute(() -> {
                try {
                    work.run();
                } catch (RuntimeException e) {
                    LOG.warn("{} is not in the statistics: {}", what, e.toString());
                }
            });
        } catch (RejectedExecutionException e) {
            // Closed: the daemon ends.
        }
    }

    private void onAttached(VbdRing ring) {
        String name = ring.spec().name();
        DiskMeter disk = disks.get(name);
        if (disk == null) {
            disk = newDisk(name);
            disks.put(name, disk);
        }
        disk.add(ring.counters());
        onActive();
    }

    /** @param name kind, domain and device, as in {@code vbd3-1-51712} */
    private DiskMeter newDisk(String name) {
        String[] parts = name.split("-");
        try {
            StatisticsFile file = folder.create(Integer.parseInt(parts[1]), Integer.parseInt(parts[2]));
            if (parts[0].equals("vbd3")) {
                tellWhere(area + String.join("/", parts));
            }
            return new DiskMeter(file);
        } catch (IOException e) {
            throw new IllegalStateException(e.toString(), e);
        }
    }

    /** In a transaction that sees the directory: a device that is gone must not come back. */
    private void tellWhere(String path) {
        try {
            xenstore.transact(store -> {
                if (store.readOrNull(path + "/state") != null) {
                    store.write(path + "/kthread-pid", StatisticsFolder.WORD);
                }
                return null;
            });
        } catch (XenstoreException e) {
            LOG.warn("{} is not shown in xentop: {}", path, e.getMessage());
        }
    }

    private void onActive() {
        ticksLeft = QUIET_TICKS;
        if (!ticking) {
            ticking = true;
            thread.schedule(this::onTick, TICK_MS, TimeUnit.MILLISECONDS);
        }
    }

    private void onTick() {
        boolean busy = false;
        for (DiskMeter disk : disks.values()) {
            busy |= disk.publish();
        }
        ticksLeft = busy ? QUIET_TICKS : ticksLeft - 1;
        ticking = ticksLeft > 0 && !disks.isEmpty();
        if (ticking) {
            thread.schedule(this::onTick, TICK_MS, TimeUnit.MILLISECONDS);
        }
    }

    private void onReleased(VbdRing ring) {
        DiskMeter disk = disks.get(ring.spec().name());
        if (disk != null && disk.remove(ring.counters())) {
            disks.remove(ring.spec().name());
            close(disk);
        }
    }

    private static void close(DiskMeter disk) {
        try {
            disk.close();
        } catch (IOException e) {
            LOG.warn("statistics of a disk that is gone stay: {}", e.toString());
        }
    }

    /** Removes the files. Workers are stopped before; what they still tell is passed on. */
    @Override
    public void close() {
        run("the end", () -> {
            disks.values().forEach(StatisticsPublisher::close);
            disks.clear();
        });
        thread.shutdown();
        try {
            newest.join(JOIN_MS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        thread.shutdownNow();
    }

    // --- on a worker's thread ---------------------------------------------------------------------------------------

    @Override
    public void attached(VbdRing ring) {
        next.attached(ring);
        run(ring.spec().name(), () -> onAttached(ring));
    }

    @Override
    public void active(VbdRing ring) {
        next.active(ring);
        run(ring.spec().name(), this::onActive);
    }

    @Override
    public void released(VbdRing ring, int flushErrno) {
        next.released(ring, flushErrno);
        run(ring.spec().name(), () -> onReleased(ring));
    }

    @Override
    public void attachFailed(VbdRing ring, String reason) {
        next.attachFailed(ring, reason);
    }

    @Override
    public void halted(VbdRing ring, String reason) {
        next.halted(ring, reason);
    }

    @Override
    public void failed(VbdRing ring, IoRequest.Operation operation, long sector, int errno) {
        next.failed(ring, operation, sector, errno);
    }

    @Override
    public void held(VbdRing ring, IoRequest.Operation operation, long sector, int errno) {
        next.held(ring, operation, sector, errno);
    }

    @Override
    public void unheld(VbdRing ring) {
        next.unheld(ring);
    }

    @Override
    public void fault(VbdRing ring, RuntimeException fault) {
        next.fault(ring, fault);
    }

    @Override
    public void drained(VbdRing ring) {
        next.drained(ring);
    }

    @Override
    public void moved(RingSentinel sentinel) {
        next.moved(sentinel);
    }

    @Override
    public void blind(RingSentinel sentinel, String reason) {
        next.blind(sentinel, reason);
    }

    @Override
    public void ended(RingSentinel sentinel) {
        next.ended(sentinel);
    }
}
