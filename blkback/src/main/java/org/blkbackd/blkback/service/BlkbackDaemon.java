// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.service;

import java.io.IOException;
import java.nio.file.Path;
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
import org.blkbackd.blkback.handover.Examiner;
import org.blkbackd.blkback.handover.Takeover;
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
    private final List<RingWorkerProxy> workers = new ArrayList<>();
    private final BlkbackConfig config;
    private final XenHost host;
    private final WorkerLoops loops;
    private Disks disks;
    private JournalFolder journals;
    private Peers peers;
    private VbdConductor conductor;
    private Administration administration;

    private BlkbackDaemon(BlkbackConfig config, XenHost host) {
        this.config = config;
        this.host = host;
        loops = new WorkerLoops(config.wantsIoUring());
        parts.add(host);
    }

    /** Starts serving on a host. */
    public static BlkbackDaemon start(BlkbackConfig config, XenHost host) {
        return start(config, host, List.of());
    }

    /** The same with more kinds of disks; they go before those of the daemon that have the same scheme. */
    public static BlkbackDaemon start(BlkbackConfig config, XenHost host, List<DiskProvider> more) {
        return start(new Launch(config, Launch.Mode.SERVE, List.of()), host, more);
    }

    /** Starts serving on the host that {@code --xen} names. */
    public static BlkbackDaemon start(Launch launch, String xen) {
        return start(launch, XenHost.of(xen, System.getenv()), List.of());
    }

    /**
     * Starts serving, and takes over from the daemon that runs if {@code launch} says so. On an exception everything
     * started so far is closed again, and that other daemon goes on.
     */
    public static BlkbackDaemon start(Launch launch, XenHost host, List<DiskProvider> more) {
        BlkbackDaemon daemon = new BlkbackDaemon(launch.config(), host);
        try (Takeover old = launch.mode() == Launch.Mode.SERVE ? null : daemon.findPredecessor()) {
            if (old == null) {
                Administration.refuseSecondDaemon(launch.config(), host);
            }
            StatisticsPublisher statistics = daemon.prepare(more, old != null);
            if (old != null) {
                daemon.takeOver(old);
            } else if (statistics != null) {
                statistics.removeLeftovers();
            }
            daemon.begin(launch.arguments());
        } catch (RuntimeException | Error e) {
            daemon.close();
            throw e;
        }
        return daemon;
    }

    /** Says what would keep a new daemon from taking over, a line each; nothing of the one that runs is touched. */
    public static List<String> obstacles(Launch launch, String xen) {
        try (BlkbackDaemon daemon = new BlkbackDaemon(launch.config(), XenHost.of(xen, System.getenv()));
            Takeover old = daemon.findPredecessor()) {
            if (old == null) {
                throw new IllegalStateException("no daemon runs that could hand over");
            }
            daemon.prepare(List.of(), true);
            Takeover.Outcome outcome = old.check(daemon.conductor.handOver(), daemon.examiner(),
                Administration.programVersion());
            return outcome.reasons();
        }
    }

    private Takeover findPredecessor() {
        Path socket = host.runtimeFolder().resolve(Takeover.SOCKET);
        try {
            Takeover found = Takeover.connect(socket);
            if (found == null) {
                LOG.info("no daemon runs that could hand over");
            }
            return found;
        } catch (IOException e) {
            throw new IllegalStateException(e.getMessage(), e);
        }
    }

    /** Everything up to the point where devices could be taken up; returns the statistics, or null. */
    private StatisticsPublisher prepare(List<DiskProvider> more, boolean takesOver) {
        Xenstore xenstore = host.connect();
        parts.add(xenstore);
        List<DiskProvider> providers = new ArrayList<>(List.of(new FileProvider(fileOptions(config)),
            new MemoryProvider()));
        providers.addAll(more);
        disks = new Disks(providers);
        parts.add(disks);
        int self = ownDomid(xenstore);
        journals = new JournalFolder(host.runtimeFolder().resolve("journal"));
        int count = config.workerCount(Runtime.getRuntime().availableProcessors());
        peers = Peers.of(config.migration(), disks, count, takesOver);
        parts.add(peers);
        conductor = new VbdConductor(xenstore, self, disks, new DeviceSettings(journals,
            ErrorPolicy.of(config.onError(), config.whileHeld()), config.limits(), peers.claims()));
        StatisticsPublisher statistics = statistics(conductor.listener(), xenstore, self);
        RingListener listener = statistics == null ? conductor.listener() : statistics;
        for (int i = 0; i < count; i++) {
            workers.add(startWorker(listener, i));
        }
        parts.add(conductor);
        conductor.prepare(workers);
        return statistics;
    }

    private Examiner examiner() {
        return new SuccessorCheck(config.kinds(), disks, journals);
    }

    private void takeOver(Takeover old) {
        Takeover.Outcome outcome = old.run(conductor.handOver(), examiner(), Administration.programVersion(),
            () -> NotifySocket.of(System.getenv()).mainProcess());
        if (outcome.end() == Takeover.End.GIVEN_UP) {
            throw new IllegalStateException(String.join("; ", outcome.reasons()));
        }
    }

    private void begin(List<String> arguments) {
        peers.begin(conductor.looked());
        conductor.begin(config.kinds());
        Successors successors = new Successors(arguments, this::stepAside, BlkbackDaemon::leave);
        administration = Administration.start(config, host, conductor.devices(), successors, peers);
        parts.add(administration);
        successors.listen(host.runtimeFolder(), peers.handOver(conductor.handOver()),
            Administration.programVersion());
        parts.add(successors);
        String serves = "serves " + String.join(", ", config.kinds()) + " with " + workers.size() + " workers";
        LOG.info("ready in {} ms, {}", sinceProcessStart(), serves);
        tellServiceManager(serves);
    }

    private void stepAside() {
        administration.close();
        peers.stepAside();
    }

    /** A successor has everything: what this process would do to end in order could only harm. */
    private static void leave() {
        LOG.info("ends; its successor serves");
        Runtime.getRuntime().halt(0);
    }

    /** Figures in xentop are no reason not to serve. */
    private StatisticsPublisher statistics(RingListener listener, Xenstore xenstore, int self) {
        try {
            StatisticsPublisher publisher = new StatisticsPublisher(listener, StatisticsFolder.open(host.statistics()),
                xenstore, self);
            parts.add(publisher);
            return publisher;
        } catch (IOException e) {
            LOG.warn("xentop will show no figures: {}", e.toString());
            return null;
        }
    }

    private void tellServiceManager(String status) {
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

    private RingWorkerProxy startWorker(RingListener listener, int number) {
        RingWorker worker = new RingWorker(host.grantTable(), host.newEventChannels(), loops.open(), listener,
            config.mayPoll(Runtime.getRuntime().availableProcessors()));
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
