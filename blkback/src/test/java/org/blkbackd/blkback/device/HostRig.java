// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.device;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.blkbackd.blkback.blkif.ErrorPolicy;
import org.blkbackd.blkback.blkif.RateLimits;
import org.blkbackd.blkback.journal.JournalFolder;
import org.blkbackd.blkback.ring.RingWorker;
import org.blkbackd.blkback.ring.RingWorkerProxy;
import org.blkbackd.blkback.sim.DiskConfig;
import org.blkbackd.blkback.sim.FrontRequest;
import org.blkbackd.blkback.sim.FrontendConfig;
import org.blkbackd.blkback.sim.SimFrontend;
import org.blkbackd.blkback.sim.SimToolstack;
import org.blkbackd.grant.sim.SimDomain;
import org.blkbackd.grant.sim.SimHypervisor;
import org.blkbackd.ioengine.DiskProvider;
import org.blkbackd.ioengine.Disks;
import org.blkbackd.ioengine.file.FileOptions;
import org.blkbackd.ioengine.file.FileProvider;
import org.blkbackd.ioengine.loop.PollLoop;
import org.blkbackd.ioengine.memory.MemoryProvider;
import org.blkbackd.xenstore.Xenstore;
import org.blkbackd.xenstore.client.XenstoreClient;
import org.blkbackd.xenstore.sim.SimQuotas;
import org.blkbackd.xenstore.sim.SimXenstored;

/** The conductor in a simulated host, with toolstack and guests around it. */
final class HostRig implements AutoCloseable {

    static final long PATIENCE_MS = 20_000;

    final SimHypervisor hypervisor;
    final SimXenstored xenstored;
    final Xenstore dom0;
    final SimToolstack toolstack;
    final Path folder;
    /** Asked by the next daemon. */
    private final Claims claims;
    private final DiskProvider extra;
    private final int workerCount;
    private final int self;
    private final Map<Integer, SimDomain> domains = new HashMap<>();
    private final Map<Integer, Xenstore> guests = new HashMap<>();
    private Xenstore store;
    private VbdConductor conductor;
    private Disks disks;
    private final List<RingWorkerProxy> workers = new ArrayList<>();
    private final List<Thread> threads = new ArrayList<>();

    /** @param extra a provider of a scheme of its own, or null */
    HostRig(Path folder, DiskProvider extra) {
        this(folder, extra, 2);
    }

    /** @param claims what its daemons ask */
    HostRig(Path folder, DiskProvider extra, Claims claims) {
        this(folder, extra, 2, 0, claims, SimQuotas.defaults());
    }

    /** @param workerCount threads of the daemon, and so the most queues it offers */
    HostRig(Path folder, DiskProvider extra, int workerCount) {
        this(folder, extra, workerCount, 0);
    }

    /** @param self the domain that the daemon runs in */
    HostRig(Path folder, DiskProvider extra, int workerCount, int self) {
        this(folder, extra, workerCount, self, Claims.NONE, SimQuotas.defaults());
    }

    /** @param quotas of what xenstored lets a domain without privileges have, as {@code self} may be */
    HostRig(Path folder, int self, SimQuotas quotas) {
        this(folder, null, 2, self, Claims.NONE, quotas);
    }

    private HostRig(Path folder, DiskProvider extra, int workerCount, int self, Claims claims, SimQuotas quotas) {
        this.claims = claims;
        this.workerCount = workerCount;
        this.self = self;
        this.folder = folder;
        this.extra = extra;
        hypervisor = SimHypervisor.open(folder.resolve("hypervisor"));
        xenstored = SimXenstored.start(made(folder.resolve("xenstored")), quotas);
        dom0 = XenstoreClient.connect(xenstored.socket());
        toolstack = new SimToolstack(dom0);
        if (self != 0) {
            domain(self);
        }
        startDaemon();
    }

    private static Path made(Path folder) {
        try {
            return Files.createDirectories(folder);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    VbdConductor conductor() {
        return conductor;
    }

    void startDaemon() {
        store = XenstoreClient.connect(self == 0 ? xenstored.socket() : xenstored.socket(self));
        List<DiskProvider> providers = new ArrayList<>(List.of(new FileProvider(FileOptions.DEFAULTS),
            new MemoryProvider()));
        if (extra != null) {
            providers.add(extra);
        }
        disks = new Disks(providers);
        conductor = new VbdConductor(store, self, disks,
            new DeviceSettings(new JournalFolder(folder.resolve("journal")), ErrorPolicy.DEFAULT, RateLimits.NONE,
                claims));
        for (int i = 0; i < workerCount; i++) {
            RingWorker worker = new RingWorker(hypervisor.grantTable(self), hypervisor.eventChannels(self),
                new PollLoop(), conductor.listener(), true);
            workers.add(worker.proxy());
            threads.add(new Thread(worker, "worker-" + i));
            threads.get(i).start();
        }
        conductor.start(List.of("vbd", "qdisk", "vbd3"), workers);
    }

    void stopDaemon() {
        conductor.close();
        workers.forEach(RingWorkerProxy::close);
        threads.forEach(thread -> {
            try {
                thread.join(PATIENCE_MS);
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        });
        workers.clear();
        threads.clear();
        disks.close();
        store.close();
    }

    SimDomain domain(int domid) {
        return domains.computeIfAbsent(domid, id -> {
            xenstored.introduce(id);
            toolstack.createDomain(id);
            return hypervisor.domain(id);
        });
    }

    Xenstore guest(int domid) {
        domain(domid);
        return guests.computeIfAbsent(domid, id -> XenstoreClient.connect(xenstored.socket(id)));
    }

    /** The guest's driver for a disk that the toolstack has attached. */
    SimFrontend frontend(DiskConfig disk) {
        return new SimFrontend(guest(disk.domid()), domain(disk.domid()), FrontendConfig.of(disk.devid()));
    }

    /** Attached by the toolstack, connected by the guest. */
    SimFrontend connected(DiskConfig disk) {
        domain(disk.domid());
        toolstack.attach(disk);
        SimFrontend frontend = frontend(disk);
        frontend.connect(PATIENCE_MS);
        return frontend;
    }

    Path image(String name, long bytes) {
        Path path = folder.resolve(name);
        try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
            file.setLength(bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return path;
    }

    /** Descriptors this process has on a file. */
    static long descriptors(Path image) {
        try (Stream<Path> all = Files.list(Path.of("/proc/self/fd"))) {
            return all.filter(fd -> points(fd, image)).count();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static boolean points(Path fd, Path image) {
        try {
            return Files.readSymbolicLink(fd).equals(image);
        } catch (IOException e) {
            return false;
        }
    }

    void awaitState(DiskConfig disk, int state) {
        await().until(() -> String.valueOf(state).equals(state(disk)));
    }

    /** The backend's, or "null". */
    String state(DiskConfig disk) {
        return String.valueOf(dom0.readOrNull(disk.backendPath() + "/state"));
    }

    /** How many requests a device holds, in the order of their names. */
    long held(int device) {
        try {
            return conductor.devices().devices().get(PATIENCE_MS, TimeUnit.MILLISECONDS).get(device).held();
        } catch (InterruptedException | ExecutionException | TimeoutException e) {
            throw new AssertionError(e);
        }
    }

    /** The next answer on a ring is there, and good; the backend is told nothing. */
    static void answered(SimFrontend frontend, int ring) {
        FrontRequest[] answer = new FrontRequest[1];
        await().atMost(PATIENCE_MS, TimeUnit.MILLISECONDS)
            .until(() -> (answer[0] = frontend.queue(ring).reap()) != null);
        assertEquals(0, answer[0].status());
        frontend.queue(ring).release(answer[0]);
    }

    /** As blkbackctl retry. */
    VbdTrouble.Retried retry(DiskConfig disk) throws Exception {
        CompletableFuture<VbdTrouble.Retried> answer = new CompletableFuture<>();
        conductor.proxy().retry(disk.kind().directory() + "-" + disk.domid() + "-" + disk.devid(), answer::complete);
        return answer.get(PATIENCE_MS, TimeUnit.MILLISECONDS);
    }

    String error(DiskConfig disk) {
        return dom0.readOrNull(errors(disk.kind().directory()) + "/" + disk.domid() + "/" + disk.devid() + "/error");
    }

    private String errors(String kind) {
        return "/local/domain/" + self + "/error/backend/" + kind;
    }

    /** Nothing is left of any disk: no node, no mapped page, no error node. */
    void nothingIsLeft() {
        for (String kind : List.of("vbd", "qdisk", "vbd3")) {
            String backends = "/local/domain/" + self + "/backend/" + kind;
            for (String domid : dom0.directory(backends)) {
                assertEquals(List.of(), dom0.directory(backends + "/" + domid));
            }
            await().until(() -> dom0.directory(errors(kind)).stream()
                .allMatch(domid -> dom0.directory(errors(kind) + "/" + domid).isEmpty()));
        }
        domains.values().forEach(domain -> assertEquals(0, domain.mappedGrants()));
    }

    @Override
    public void close() {
        stopDaemon();
        guests.values().forEach(Xenstore::close);
        domains.values().forEach(SimDomain::close);
        dom0.close();
        xenstored.close();
        hypervisor.close();
    }
}
