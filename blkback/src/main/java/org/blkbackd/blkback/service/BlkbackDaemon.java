// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.service;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import org.blkbackd.blkback.blkif.ErrorPolicy;
import org.blkbackd.blkback.config.BlkbackConfig;
import org.blkbackd.blkback.device.DeviceSettings;
import org.blkbackd.blkback.device.VbdConductor;
import org.blkbackd.blkback.journal.JournalFolder;
import org.blkbackd.blkback.notify.NotifySocket;
import org.blkbackd.blkback.notify.Watchdog;
import org.blkbackd.blkback.ring.RingListener;
import org.blkbackd.blkback.ring.RingWorker;
import org.blkbackd.blkback.ring.RingWorkerProxy;
import org.blkbackd.blkback.statistics.StatisticsFolder;
import org.blkbackd.blkback.statistics.StatisticsPublisher;
import org.blkbackd.ioengine.DiskProvider;
import org.blkbackd.ioengine.Disks;
import org.blkbackd.ioengine.file.FileOptions.Caching;
import org.blkbackd.ioengine.file.FileOptions;
import org.blkbackd.ioengine.file.FileProvider;
import org.blkbackd.ioengine.memory.MemoryProvider;
import org.blkbackd.xenstore.Xenstore;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The running service: builds the parts in order, closes them in reverse. The only class, with {@link XenHost}, that
 * names implementations.
 */
public final class BlkbackDaemon implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(BlkbackDaemon.class);
    private static final long JOIN_MS = 5_000;

    private final List<AutoCloseable> parts = new ArrayList<>();

    private BlkbackDaemon() {
    }

    /** Starts serving on the host that {@code --xen} names. */
    public static BlkbackDaemon start(BlkbackConfig config, String xen) {
        return start(config, XenHost.of(xen, System.getenv()));
    }

    /** Starts serving. On an exception everything started so far is closed again. */
    public static BlkbackDaemon start(BlkbackConfig config, XenHost host) {
        return start(config, host, List.of());
    }

    /** The same with more kinds of disks; they go before those of the daemon that have the same scheme. */
    public static BlkbackDaemon start(BlkbackConfig config, XenHost host, List<DiskProvider> more) {
        BlkbackDaemon daemon = new BlkbackDaemon();
        daemon.parts.add(host);
        try {
            daemon.build(config, host, more);
        } catch (RuntimeException | Error e) {
            daemon.close();
            throw e;
        }
        return daemon;
    }

    private void build(BlkbackConfig config, XenHost host, List<DiskProvider> more) {
        Administration.refuseSecondDaemon(config, host);
        Xenstore xenstore = host.connect();
        parts.add(xenstore);
        List<DiskProvider> providers = new ArrayList<>(List.of(new FileProvider(fileOptions(config)),
            new MemoryProvider()));
        providers.addAll(more);
        Disks disks = new Disks(providers);
        parts.add(disks);
        int self = ownDomid(xenstore);
        VbdConductor conductor = new VbdConductor(xenstore, self, disks,
            new DeviceSettings(new JournalFolder(host.runtimeFolder().resolve("journal")),
                ErrorPolicy.of(config.onError(), config.whileHeld())));
        RingListener listener = counted(conductor.listener(), host, xenstore, self);
        int count = config.workerCount(Runtime.getRuntime().availableProcessors());
        List<RingWorkerProxy> workers = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            workers.add(startWorker(host, listener, i));
        }
        parts.add(conductor);
        conductor.start(config.kinds(), workers);
        parts.add(Administration.start(config, host, conductor.devices()));
        String serves = "serves " + String.join(", ", config.kinds()) + " with " + count + " workers";
        LOG.info("ready in {} ms, {}", sinceProcessStart(), serves);
        tellServiceManager(serves, conductor, workers);
    }

    /** Figures in xentop are no reason not to serve. */
    private RingListener counted(RingListener listener, XenHost host, Xenstore xenstore, int self) {
        try {
            StatisticsPublisher publisher = new StatisticsPublisher(listener, StatisticsFolder.open(host.statistics()),
                xenstore, self);
            parts.add(publisher);
            return publisher;
        } catch (IOException e) {
            LOG.warn("xentop will show no figures: {}", e.toString());
            return listener;
        }
    }

    private void tellServiceManager(String status, VbdConductor conductor, List<RingWorkerProxy> workers) {
        NotifySocket manager = NotifySocket.of(System.getenv());
        parts.add(manager::stopping);
        Map<String, Executor> threads = new HashMap<>();
        threads.put("the conductor", conductor::probe);
        for (int i = 0; i < workers.size(); i++) {
            threads.put("worker " + i, workers.get(i)::probe);
        }
        manager.ready(status);
        parts.add(Watchdog.start(manager, threads));
    }

    private static long sinceProcessStart() {
        return ProcessHandle.current().info().startInstant()
            .map(began -> Duration.between(began, Instant.now()).toMillis()).orElse(-1L);
    }

    private RingWorkerProxy startWorker(XenHost host, RingListener listener, int number) {
        RingWorker worker = new RingWorker(host.grantTable(), host.newEventChannels(), listener);
        RingWorkerProxy proxy = worker.proxy();
        Thread thread = new Thread(worker, "blkbackd-worker-" + number);
        thread.setUncaughtExceptionHandler(BlkbackDaemon::workerDied);
        thread.start();
        parts.add(() -> {
            proxy.close();
            thread.join(JOIN_MS);
        });
        return proxy;
    }

    /** Faults of one ring are the ring's. A dead worker would leave all its guests waiting for ever: start over. */
    private static void workerDied(Thread thread, Throwable fault) {
        LOG.error("{} has died; the daemon ends, to be started again", thread.getName(), fault);
        Runtime.getRuntime().halt(1);
    }

    private static FileOptions fileOptions(BlkbackConfig config) {
        Caching barePath = config.defaultEngine().equals("direct") ? Caching.DIRECT_IF_POSSIBLE : Caching.BUFFERED;
        return FileOptions.DEFAULTS.withIoThreads(config.ioThreads()).withBarePath(barePath);
    }

    /** Our domain id, which xenstored knows; a domain 0 that nobody initialised has no such node. */
    private static int ownDomid(Xenstore xenstore) {
        String domid = xenstore.readOrNull("domid");
        return domid == null ? 0 : Integer.parseInt(domid);
    }

    /** Stops in order: guests find their disks where they left them, when a daemon serves again. */
    @Override
    public void close() {
        for (int i = parts.size() - 1; i >= 0; i--) {
            try {
                parts.get(i).close();
            } catch (Exception e) {
                LOG.warn("while stopping", e);
            }
        }
        parts.clear();
    }
}
