// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.device;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.BlockingDeque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingDeque;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.blkbackd.blkback.control.ControlledDevices;
import org.blkbackd.blkback.ring.RingListener;
import org.blkbackd.blkback.ring.RingWorkerProxy;
import org.blkbackd.blkback.xenbus.BackendArea;
import org.blkbackd.blkback.xenbus.FrontendArea;
import org.blkbackd.blkback.xenbus.RingLimits;
import org.blkbackd.blkback.xenbus.VbdAddress;
import org.blkbackd.ioengine.Disks;
import org.blkbackd.xenstore.Watch;
import org.blkbackd.xenstore.Xenstore;
import org.blkbackd.xenstore.XenstoreException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Control thread: owns every vbd, and dispatches. The {@code on...} methods run on its thread, one at a time; others
 * reach them through {@link ConductorProxy}.
 */
public final class VbdConductor implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(VbdConductor.class);
    private static final int LEAVE_TIMEOUT_S = 30;
    private static final long TICK_NS = TimeUnit.SECONDS.toNanos(2);
    private static final int EVENTS_LOGGED = 60;

    private final BlockingDeque<Runnable> commands = new LinkedBlockingDeque<>();
    private final ConductorProxy proxy = new ConductorProxy(this, commands);
    private final SuspendWatch hints;
    private final Discovery discovery;
    private final Thread thread = new Thread(this::run, "blkbackd-conductor");
    private final LogBudget faults = new LogBudget(System::nanoTime);
    private final LogBudget events = new LogBudget(EVENTS_LOGGED, LogBudget.INTERVAL_NS, System::nanoTime);
    private final Map<String, Vbd> vbds = new TreeMap<>();
    private final List<Watch> watches = new ArrayList<>();
    private final CountDownLatch left = new CountDownLatch(1);
    private final Xenstore xenstore;
    private final int self;
    private final Storage storage;
    private final DeviceSettings settings;
    private final Set<String> unseen = new TreeSet<>();
    private final CompletableFuture<Void> looked = new CompletableFuture<>();
    private List<RingWorkerProxy> workers = List.of();
    private RingLimits limits;
    private int nextWorker;
    private long nextTickNs;
    private boolean suspended;
    private boolean leaving;
    private boolean closing;

    /** @param self our own domain id */
    public VbdConductor(Xenstore xenstore, int self, Disks disks, DeviceSettings settings) {
        this.xenstore = xenstore;
        this.self = self;
        this.settings = settings;
        hints = new SuspendWatch(xenstore, proxy);
        discovery = new Discovery(xenstore, self);
        storage = new Storage(disks, settings.claims(), proxy::run);
    }

    /**
     * Has the control thread run {@code answer}, which must be short: to see that it still works. Before everything
     * that waits: a slow xenstored makes for a long queue, and is no fault of the thread.
     */
    public void probe(Runnable answer) {
        commands.addFirst(answer);
    }

    /** What other threads speak to. */
    ConductorProxy proxy() {
        return proxy;
    }

    /** The devices, for administrators. */
    public ControlledDevices devices() {
        return new ConductorDevices(proxy, vbds::values, () -> workers, xenstore);
    }

    /** What workers report to. */
    public RingListener listener() {
        return new RingReports(proxy::run, vbds);
    }

    /** What a hand-over between two daemons needs. */
    public HandOver handOver() {
        return new ConductorHandOver(this, proxy);
    }

    /** Begins to serve the backend directories of {@code kinds} on {@code workers}. */
    public void start(List<String> kinds, List<RingWorkerProxy> ringWorkers) {
        prepare(ringWorkers);
        begin(kinds);
    }

    /** Gets ready to take devices up from another daemon, on {@code workers}. */
    public void prepare(List<RingWorkerProxy> ringWorkers) {
        workers = List.copyOf(ringWorkers);
        limits = new RingLimits(workers.size(), RingLimits.MAX_PAGE_ORDER);
        suspended = true;
        thread.start();
    }

    /** Completes on the control thread when every device that was there at {@link #begin} has been looked at. */
    public CompletableFuture<Void> looked() {
        return looked.copy();
    }

    /** Begins to follow the backend directories of {@code kinds}: the first event of a watch comes by itself. */
    public void begin(List<String> kinds) {
        proxy.run(() -> {
            unseen.addAll(kinds);
            suspended = false;
        });
        hints.start();
        for (String kind : kinds) {
            watches.add(xenstore.watch(discovery.root(kind), path -> backendChanged(kind, path)));
        }
    }

    /**
     * Leaves: every ring is drained and flushed, every image closed, and xenstore left as it is, so that guests wait
     * where they are. Gives up after half a minute on storage that does not answer.
     */
    @Override
    public void close() {
        watches.forEach(Watch::close);
        hints.close();
        proxy.run(this::onLeave);
        boolean gone = false;
        try {
            gone = left.await(LEAVE_TIMEOUT_S, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (!gone) {
            LOG.error("storage does not answer; leaving with I/O in flight");
        }
        proxy.run(() -> closing = true);
        storage.close();
    }

    private void run() {
        while (!closing) {
            try {
                next().run();
            } catch (RuntimeException e) {
                LOG.error("a fault of blkbackd itself; devices go on", e);
            } catch (InterruptedException e) {
                return;
            }
        }
    }

    /** Wakes without a command only while something is owed: a look, or the count of log lines left out. */
    private Runnable next() throws InterruptedException {
        boolean owed = faults.isSpent() || events.isSpent() || discovery.isOwed()
            || vbds.values().stream().anyMatch(vbd -> vbd.isUneasy() || vbd.trouble().isOwed());
        if (!owed) {
            nextTickNs = 0;
            return commands.take();
        }
        long now = System.nanoTime();
        long due = now + vbds.values().stream().filter(Vbd::isUneasy).mapToLong(vbd -> vbd.pauseNs(TICK_NS)).min()
            .orElse(TICK_NS);
        nextTickNs = nextTickNs == 0 ? due : Math.min(nextTickNs, due);
        // However many commands come, what is owed has its turn.
        Runnable command = nextTickNs - now > 0 ? commands.poll(nextTickNs - now, TimeUnit.NANOSECONDS) : null;
        return command == null ? this::onTick : command;
    }

    private void onTick() {
        nextTickNs = 0;
        tickLogs();
        vbds.values().stream().filter(vbd -> vbd.trouble().isOwed()).toList().forEach(Vbd::retry);
        if (!suspended) {
            vbds.values().stream().filter(Vbd::isUneasy).toList().forEach(Vbd::look);
            discovery.owed().forEach(this::onKindChanged);
        }
    }

    private void tickLogs() {
        faults.tick();
        events.tick();
    }

    /** On xenstore's thread. */
    private void backendChanged(String kind, String path) {
        VbdAddress address = VbdAddress.parse(discovery.root(kind), kind, path);
        if (address == null) {
            proxy.kindChanged(kind);
        } else if (BackendArea.decides(path.substring(address.backendPath(self).length()))) {
            proxy.deviceChanged(address);
        }
    }

    void onKindChanged(String kind) {
        unlessLeaving(kind, discovery.root(kind), () -> {
            if (lookAtAll(kind) && unseen.remove(kind)) {
                new Remains(xenstore, self, settings.journals()).remove(kind, vbds.keySet());
            }
            if (unseen.isEmpty()) {
                looked.complete(null);
            }
        });
    }

    /** Puts off every look until it ends; then all is looked at. */
    void suspend(boolean wanted) {
        suspended = wanted;
        if (!wanted) {
            vbds.values().stream().toList().forEach(Vbd::look);
            onDomainReleased();
        }
    }

    void onDomainReleased() {
        if (!leaving && !suspended) {
            hints.onReleased(vbds.values().stream().toList());
        }
    }

    void onShutdownChanged(int domid) {
        hints.onShutdownChanged(domid);
    }

    void onShutdownUnknown(int domid) {
        hints.onShutdownUnknown(domid);
    }

    /** All devices. */
    Collection<Vbd> vbds() {
        return vbds.values();
    }

    /** The device with this name, also one that was not looked at before; or null. */
    Vbd vbd(String device) {
        Vbd known = vbds.get(device);
        VbdAddress address = VbdAddress.parse(device);
        return known != null || address == null ? known : discover(address);
    }

    /** As {@link Vbd#retry}. */
    void onRetry(String device, Consumer<VbdTrouble.Retried> then) {
        Vbd vbd = vbds.get(device);
        if (vbd == null) {
            then.accept(new VbdTrouble.Retried(0, "there is no device " + device));
        } else if (!vbd.isConnected()) {
            then.accept(new VbdTrouble.Retried(0, "no guest is connected to it, so nothing is held"));
        } else {
            then.accept(vbd.retry());
        }
    }

    void onDeviceChanged(VbdAddress address) {
        unlessLeaving(address.kind(), address.toString(), () -> look(address));
    }

    private void unlessLeaving(String kind, String what, Runnable look) {
        if (leaving || suspended) {
            return;
        }
        try {
            look.run();
        } catch (XenstoreException e) {
            discovery.unanswered(kind, what, e);
        }
    }

    private boolean lookAtAll(String kind) {
        vbds.values().stream().filter(vbd -> vbd.address().kind().equals(kind)).toList().forEach(Vbd::look);
        return discovery.lookAtAll(kind, address -> {
            if (!vbds.containsKey(address.toString())) {
                look(address);
            }
        });
    }

    private void look(VbdAddress address) {
        Vbd vbd = vbds.get(address.toString());
        if (vbd == null) {
            vbd = discover(address);
        }
        if (vbd != null) {
            vbd.look();
        }
    }

    private Vbd discover(VbdAddress address) {
        BackendArea backend = new BackendArea(xenstore, address, self, limits);
        if (!backend.isOurs()) {
            return null;
        }
        FrontendArea frontend = new FrontendArea(xenstore, address, limits);
        VbdLog log = new VbdLog(address.toString(), faults, events);
        Vbd vbd = new Vbd(address, backend, frontend, storage, nextWorkers(), settings, log,
            this::forget);
        vbd.watchedBy(xenstore.watch(vbd.frontendStatePath(), path -> proxy.deviceChanged(address)));
        vbds.put(address.toString(), vbd);
        hints.add(address.domid());
        return vbd;
    }

    /** All workers, so rotated that the first queues of many vbds spread over them. */
    private List<RingWorkerProxy> nextWorkers() {
        List<RingWorkerProxy> rotated = new ArrayList<>(workers);
        Collections.rotate(rotated, -(nextWorker++ % workers.size()));
        return rotated;
    }

    private void forget(Vbd gone) {
        vbds.remove(gone.address().toString());
        hints.remove(gone.address().domid(), vbds.values());
        tickLogs();
    }

    /** Measures the disk of a device again; see {@link DiskGrowth#resize}. */
    void onResize(String device, long bytes, Consumer<DiskGrowth.Outcome> then) {
        Vbd vbd = vbds.get(device);
        if (vbd == null) {
            then.accept(new DiskGrowth.Outcome(0, "there is no device " + device));
        } else {
            vbd.growth().resize(bytes, then);
        }
    }

    /** As {@link DiskRates#change}. */
    void onLimit(String device, String words, Consumer<DiskRates.Outcome> then) {
        Vbd vbd = vbds.get(device);
        then.accept(vbd == null ? new DiskRates.Outcome(null, "there is no device " + device)
            : vbd.rates().change(words, vbd.isConnected() ? vbd.data() : null));
    }

    private void onLeave() {
        leaving = true;
        vbds.values().forEach(Vbd::leave);
        onStillLeaving();
    }

    /** Polls, because every way a vbd becomes idle ends in some command or other; this happens once in a life. */
    private void onStillLeaving() {
        if (vbds.values().stream().allMatch(Vbd::isIdle)) {
            left.countDown();
        } else if (left.getCount() > 0) {
            sleepBriefly();
            proxy.run(this::onStillLeaving);
        }
    }

    private static void sleepBriefly() {
        try {
            Thread.sleep(1);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
