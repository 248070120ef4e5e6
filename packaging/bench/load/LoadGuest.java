// SPDX-License-Identifier: Apache-2.0

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.blkbackd.blkback.sim.DiskConfig;
import org.blkbackd.blkback.sim.FrontQueue;
import org.blkbackd.blkback.sim.FrontendConfig;
import org.blkbackd.blkback.sim.SimFrontend;
import org.blkbackd.blkback.sim.SimToolstack;
import org.blkbackd.grant.EventChannels;
import org.blkbackd.grant.sim.SimDomain;
import org.blkbackd.grant.sim.SimHypervisor;
import org.blkbackd.xenstore.Xenstore;
import org.blkbackd.xenstore.client.XenstoreClient;
import org.blkbackd.xenstore.sim.SimQuotas;
import org.blkbackd.xenstore.sim.SimXenstored;

/**
 * A simulated host with one guest that keeps its disks busy, all of them from the thread that calls. Each workload has
 * a new guest.
 */
final class LoadGuest {

    private static final int PORTS = 8192;
    /** One guest may have hundreds of disks. */
    private static final SimQuotas QUOTAS = new SimQuotas(100_000, 10_000, 1 << 16, 10, 5, 1024);
    private static final int PATIENCE_MS = 60_000;
    /** Looks at busy rings between two looks at the others. */
    private static final int LOOKS = 8;

    private final SimHypervisor hypervisor;
    private final SimXenstored xenstored;
    private final SimToolstack toolstack;
    private final LoadQueue[] byPort = new LoadQueue[PORTS];
    private final List<LoadQueue> queues = new ArrayList<>();
    private final List<LoadDisk> disks = new ArrayList<>();
    private int domid;
    private Xenstore store;
    private SimDomain domain;
    private EventChannels channels;
    private LoadQueue[] busy = new LoadQueue[0];
    private int busyCount;

    /** The host, in {@code folder}. */
    LoadGuest(Path folder) throws IOException {
        hypervisor = SimHypervisor.open(folder.resolve("hypervisor"));
        xenstored = SimXenstored.start(Files.createDirectories(folder.resolve("xenstored")), QUOTAS);
        toolstack = new SimToolstack(XenstoreClient.connect(xenstored.socket()));
    }

    /** A guest with a disk for each of {@code targets}. With {@code verifies}, the disks must hold stamps. */
    void connect(Workload workload, List<String> targets, boolean verifies) {
        domid++;
        xenstored.introduce(domid);
        toolstack.createDomain(domid);
        store = XenstoreClient.connect(xenstored.socket(domid));
        domain = hypervisor.domain(domid);
        channels = domain.eventChannels();
        for (int i = 0; i < targets.size(); i++) {
            attach(targets.get(i), workload, verifies, true);
        }
    }

    /** One disk more, which is kept busy and not measured. */
    void connectBeside(Workload workload, String target) {
        attach(target, workload, false, false);
    }

    private static String letters(int number) {
        return (number < 26 ? "" : letters(number / 26 - 1)) + (char) ('a' + number % 26);
    }

    private void attach(String target, Workload workload, boolean verifies, boolean measured) {
        int index = disks.size();
        DiskConfig config = DiskConfig.vbd(domid, "xvd" + letters(index), target);
        toolstack.attach(config);
        int pages = workload.pagesOfRequest() + (workload.needsDescriptor() ? 1 : 0);
        FrontendConfig wanted = FrontendConfig.of(config.devid()).withQueues(workload.queues())
            .withRingOrder(workload.ringOrder()).limit(workload.depthOf(0) * workload.parts(), pages);
        SimFrontend frontend = new SimFrontend(store, domain, wanted);
        frontend.connect(PATIENCE_MS);
        if (frontend.queueCount() != workload.queues() || frontend.ringOrder() != workload.ringOrder()) {
            throw new IllegalStateException(workload + " needs " + workload.queues() + " rings of order "
                + workload.ringOrder() + ", and the backend offers less");
        }
        LoadDisk disk = new LoadDisk(index, config, frontend, workload, verifies, measured);
        disks.add(disk);
        for (FrontQueue queue : frontend.queues()) {
            LoadQueue load = new LoadQueue(workload, disk, queue, channels);
            queues.add(load);
            byPort[load.port()] = load;
        }
        busy = Arrays.copyOf(busy, queues.size());
    }

    /** Keeps all rings full, and returns when everything is answered. */
    void run(Meter meter) {
        for (LoadQueue queue : queues) {
            add(queue);
        }
        for (int looks = 0; !(meter.isStopped() && isIdle()); looks++) {
            long now = System.nanoTime();
            meter.tick(now);
            look(meter, now);
            if (busyCount == 0 && !(meter.isStopped() && isIdle())) {
                sleep(meter);
            } else if (queues.size() > 1 && looks % LOOKS == 0) {
                takeEvents();
            }
        }
    }

    private void look(Meter meter, long now) {
        int left = 0;
        for (int i = 0; i < busyCount; i++) {
            LoadQueue queue = busy[i];
            queue.busy(queue.look(meter, now));
            if (queue.isBusy()) {
                busy[left++] = queue;
            }
        }
        busyCount = left;
    }

    private void sleep(Meter meter) {
        if (!domain.awaitEvent(PATIENCE_MS)) {
            boolean forgotten = queues.stream().anyMatch(LoadQueue::hasAnswer);
            throw new IllegalStateException(forgotten ? "an answer came without the event that was asked for"
                : "no answer for " + PATIENCE_MS + " ms");
        }
        meter.woken();
        takeEvents();
    }

    private void takeEvents() {
        for (int port = channels.pending(); port != EventChannels.NONE; port = channels.pending()) {
            channels.unmask(port);
            if (byPort[port] != null) {
                add(byPort[port]);
            }
        }
    }

    private void add(LoadQueue queue) {
        if (!queue.isBusy()) {
            queue.busy(true);
            busy[busyCount++] = queue;
        }
    }

    private boolean isIdle() {
        for (LoadQueue queue : queues) {
            if (!queue.isIdle()) {
                return false;
            }
        }
        return true;
    }

    /** The guest ends in order. */
    void disconnect() {
        for (LoadDisk disk : disks) {
            disk.frontend().close(PATIENCE_MS);
            toolstack.detach(disk.config());
        }
        disks.clear();
        queues.clear();
        Arrays.fill(byPort, null);
        toolstack.destroyDomain(domid);
        store.close();
        domain.destroy();
        xenstored.release(domid);
    }
}
