// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.migrate;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.blkbackd.blkback.sim.DiskConfig;
import org.blkbackd.blkback.sim.FrontendConfig;
import org.blkbackd.blkback.sim.SimFrontend;
import org.blkbackd.blkback.sim.SimToolstack;
import org.blkbackd.blkback.sim.ToolstackTimeouts;
import org.blkbackd.grant.sim.SimDomain;
import org.blkbackd.grant.sim.SimHypervisor;
import org.blkbackd.ioengine.file.FileOptions;
import org.blkbackd.xenstore.Xenstore;
import org.blkbackd.xenstore.client.XenstoreClient;
import org.blkbackd.xenstore.sim.SimXenstored;

/**
 * One of the hosts: its hypervisor, xenstored, toolstack and domains outlive its daemons, of which one runs at a time.
 * Daemons are started and killed by one thread at a time; the rest is for any thread.
 */
final class SimHost implements AutoCloseable {

    static final long PATIENCE_MS = 30_000;

    private final String name;
    private final Path folder;
    private final Function<String, StorageRecord> records;
    private final SlowStorage storage;
    private final FileOptions options;
    private final SimLink link;
    private final SimHypervisor hypervisor;
    private final SimXenstored xenstored;
    private final Xenstore dom0;
    private final SimToolstack toolstack;
    private final Map<Integer, SimDomain> domains = new ConcurrentHashMap<>();
    private final Map<Integer, Xenstore> stores = new ConcurrentHashMap<>();
    private SimDaemon daemon;
    private int lives;
    private int lastDomid;

    /** A host with a daemon that runs; {@code link} to its peers, or null. */
    SimHost(String name, Path folder, Function<String, StorageRecord> records, SlowStorage storage,
        FileOptions options, SimLink link) {
        this.link = link;
        this.name = name;
        this.folder = folder;
        this.records = records;
        this.storage = storage;
        this.options = options;
        hypervisor = SimHypervisor.open(made(folder.resolve("hypervisor")));
        xenstored = SimXenstored.start(made(folder.resolve("xenstored")));
        dom0 = XenstoreClient.connect(xenstored.socket());
        toolstack = new SimToolstack(dom0, new ToolstackTimeouts(PATIENCE_MS, PATIENCE_MS, PATIENCE_MS));
        start();
    }

    private static Path made(Path folder) {
        try {
            return Files.createDirectories(folder);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    // --- the daemon -------------------------------------------------------------------------------------------------

    /** Starts the next daemon. */
    void start() {
        Life life = new Life(name + "#" + ++lives);
        daemon = new SimDaemon(life, folder, XenstoreClient.connect(xenstored.socket()),
            any -> new RecordedStorage(any, records, storage, options),
            link == null ? null : new SimPeers(name, life, link));
    }

    /** The one that runs, or ran last. */
    SimDaemon daemon() {
        return daemon;
    }

    /**
     * The daemon dies at one of its next steps, and comes back a little later; returns once it runs again.
     *
     * @param steps    after which it dies
     * @param withinMs it dies by then, however few steps it made
     * @param downMs   until the next one is started
     */
    void killAndRestart(int steps, long withinMs, long downMs) throws InterruptedException {
        daemon.life().endAfter(steps);
        daemon.life().awaitEnd(withinMs);
        Thread kernel = daemon.kill();
        if (link != null) {
            // without a lock the service manager's wait for the process is all that fences its last writes
            kernel.join();
        }
        Thread.sleep(downMs);
        start();
    }

    // --- domains ----------------------------------------------------------------------------------------------------

    /** A new domain, of which the toolstack has made the directories. */
    synchronized int newDomain() {
        int domid = ++lastDomid;
        xenstored.introduce(domid);
        toolstack.createDomain(domid);
        domains.put(domid, hypervisor.domain(domid));
        stores.put(domid, XenstoreClient.connect(xenstored.socket(domid)));
        return domid;
    }

    /** The driver of a disk that the toolstack has attached. */
    SimFrontend frontend(DiskConfig disk, FrontendConfig config) {
        return new SimFrontend(stores.get(disk.domid()), domains.get(disk.domid()), config);
    }

    /** The state of a disk's backend, or null. */
    String backendState(DiskConfig disk) {
        return dom0.readOrNull(disk.backendPath() + "/state");
    }

    /** What an administrator is told of a disk, or null. */
    String error(DiskConfig disk) {
        return dom0.readOrNull("/local/domain/0/error/backend/vbd/" + disk.domid() + "/" + disk.devid() + "/error");
    }

    /** The toolstack asks a guest to suspend itself. */
    void askToSuspend(int domid) {
        dom0.write("/local/domain/" + domid + "/control/shutdown", "suspend");
    }

    /** The guest begins to. */
    void acknowledgeSuspend(int domid) {
        stores.get(domid).write("/local/domain/" + domid + "/control/shutdown", "");
    }

    /** xl, before the guest may run on the other host; and back, when it is to run here again. */
    void rename(int domid, String suffix) {
        dom0.write("/local/domain/" + domid + "/name", "guest-" + domid + suffix);
    }

    /** A domain, whichever, has shut down or is gone. */
    void fireReleaseDomain() {
        xenstored.fireReleaseDomain();
    }

    SimToolstack toolstack() {
        return toolstack;
    }

    /** Pages of a domain that the daemon has mapped. */
    int mappedGrants(int domid) {
        return domains.get(domid).mappedGrants();
    }

    /** {@code xl destroy}: the disks are removed, then the domain. */
    void destroy(int domid) {
        toolstack.destroyDomain(domid);
        int mapped = domains.get(domid).mappedGrants();
        domains.remove(domid).destroy();
        stores.remove(domid).close();
        xenstored.release(domid);
        if (mapped != 0) {
            throw new AssertionError(mapped + " pages of the destroyed domain " + domid + " on " + name
                + " are still mapped");
        }
    }

    /** What is still there. */
    Map<Integer, SimDomain> domains() {
        return new HashMap<>(domains);
    }

    @Override
    public void close() {
        daemon.stop();
        stores.values().forEach(Xenstore::close);
        domains.values().forEach(SimDomain::close);
        dom0.close();
        xenstored.close();
        hypervisor.close();
    }

    @Override
    public String toString() {
        return name;
    }
}
