// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.migrate;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.blkbackd.blkback.blkif.ErrorPolicy;
import org.blkbackd.blkback.blkif.RateLimits;
import org.blkbackd.blkback.device.Claims;
import org.blkbackd.blkback.device.DeviceSettings;
import org.blkbackd.blkback.device.VbdConductor;
import org.blkbackd.blkback.journal.JournalFolder;
import org.blkbackd.blkback.ring.RingWorker;
import org.blkbackd.blkback.ring.RingWorkerProxy;
import org.blkbackd.grant.EventChannels;
import org.blkbackd.grant.GrantTable;
import org.blkbackd.grant.sim.SimHypervisor;
import org.blkbackd.ioengine.Disks;
import org.blkbackd.ioengine.loop.PollLoop;
import org.blkbackd.xenstore.Xenstore;

/** The daemon's threads and what they use, put together as the service does it, so that they can be killed. */
final class SimDaemon {

    private static final int WORKERS = 2;

    private final Life life;
    private final SimPeers peers;
    private final SimHypervisor hypervisor;
    private final Xenstore xenstore;
    private final RecordedStorage storage;
    private final Disks disks;
    private final VbdConductor conductor;
    private final List<RingWorkerProxy> workers = new ArrayList<>();
    private final List<Thread> threads = new ArrayList<>();

    /** Starts it; {@code peers} are null where the lock is all there is. */
    SimDaemon(Life life, Path folder, Xenstore connection, Function<Life, RecordedStorage> engines,
        SimPeers peers) {
        this.peers = peers;
        this.life = life;
        xenstore = connection;
        hypervisor = SimHypervisor.open(folder.resolve("hypervisor"));
        storage = engines.apply(life);
        disks = new Disks(List.of(storage));
        conductor = new VbdConductor(life.mortal(Xenstore.class, xenstore), 0, disks,
            new DeviceSettings(new JournalFolder(folder.resolve("journal")), ErrorPolicy.DEFAULT,
                RateLimits.NONE, peers == null ? Claims.NONE : peers));
        GrantTable grants = life.mortal(GrantTable.class, hypervisor.grantTable(0));
        for (int i = 0; i < WORKERS; i++) {
            RingWorker worker = new RingWorker(grants, life.mortal(EventChannels.class, hypervisor.eventChannels(0)),
                new PollLoop(), conductor.listener(), true);
            workers.add(worker.proxy());
            Thread thread = new Thread(worker, life + "-worker-" + i);
            thread.setDaemon(true);
            begin(thread);
            thread.start();
        }
        conductor.prepare(workers);
        begin(conductorThread());
        conductor.begin(List.of("vbd"));
    }

    private void begin(Thread thread) {
        threads.add(thread);
        thread.setUncaughtExceptionHandler((dying, cause) -> {
            if (!(cause instanceof Life.Ended)) {
                Thread.getDefaultUncaughtExceptionHandler().uncaughtException(dying, cause);
            }
        });
    }

    private Thread conductorThread() {
        CompletableFuture<Thread> thread = new CompletableFuture<>();
        conductor.probe(() -> thread.complete(Thread.currentThread()));
        return thread.join();
    }

    Life life() {
        return life;
    }

    /**
     * SIGKILL. When this returns none of its threads does anything; the kernel may still be at its last calls.
     *
     * @return what ends with the last of them
     */
    Thread kill() throws InterruptedException {
        life.end();
        if (peers != null) {
            peers.end();
        }
        Runnable end = () -> {
            throw new Life.Ended();
        };
        conductor.probe(end);
        workers.forEach(worker -> worker.probe(end));
        for (Thread thread : threads) {
            thread.join(SimHost.PATIENCE_MS);
            if (thread.isAlive()) {
                throw new AssertionError(thread + " cannot be killed");
            }
        }
        hypervisor.close();
        xenstore.close();
        Thread kernel = new Thread(this::closeFiles, life + "-end");
        kernel.setDaemon(true);
        kernel.start();
        return kernel;
    }

    private void closeFiles() {
        try {
            storage.closeAfterDeath();
            disks.close();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** SIGTERM. */
    void stop() {
        conductor.close();
        workers.forEach(RingWorkerProxy::close);
        for (Thread thread : threads) {
            try {
                thread.join(SimHost.PATIENCE_MS);
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        }
        disks.close();
        if (peers != null) {
            peers.end();
        }
        xenstore.close();
        hypervisor.close();
    }
}
