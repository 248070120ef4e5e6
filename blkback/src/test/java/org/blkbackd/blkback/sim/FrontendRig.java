// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.sim;

import java.nio.file.Path;
import org.blkbackd.grant.sim.SimDomain;
import org.blkbackd.grant.sim.SimHypervisor;
import org.blkbackd.xenstore.Xenstore;
import org.blkbackd.xenstore.client.XenstoreClient;
import org.blkbackd.xenstore.sim.SimXenstored;

/** A guest with one disk, and a backend double that has attached it. */
final class FrontendRig implements AutoCloseable {

    static final long PATIENCE_MS = 10_000;
    static final DiskConfig DISK = DiskConfig.vbd(7, "xvda", "/srv/a.img");
    static final String FRONTEND = DISK.frontendPath();
    static final String BACKEND = DISK.backendPath();

    final SimXenstored xenstored;
    final Xenstore xenstore;
    final Xenstore guest;
    final SimToolstack toolstack;
    final SimHypervisor hypervisor;
    final SimDomain domain;
    final DoubleBackend backend;

    FrontendRig(Path folder, DoubleBackend.Fault fault) {
        hypervisor = SimHypervisor.open(folder.resolve("hypervisor"));
        domain = hypervisor.domain(7);
        xenstored = SimXenstored.start(folder);
        xenstored.introduce(7);
        xenstore = XenstoreClient.connect(xenstored.socket());
        guest = XenstoreClient.connect(xenstored.socket(7));
        toolstack = new SimToolstack(xenstore);
        toolstack.createDomain(7);
        backend = new DoubleBackend(xenstore, hypervisor, DISK, fault);
        toolstack.attach(DISK);
    }

    /** The backend says so, as long as nobody writes otherwise. */
    FrontendRig offers(String node, Object value) {
        xenstore.write(BACKEND + "/" + node, value.toString());
        return this;
    }

    /** What the frontend wrote. */
    String offered(String node) {
        return xenstore.readOrNull(FRONTEND + "/" + node);
    }

    SimFrontend connected(FrontendConfig config) {
        SimFrontend frontend = new SimFrontend(guest, domain, config);
        frontend.connect(PATIENCE_MS);
        return frontend;
    }

    static FrontendConfig config() {
        return FrontendConfig.of(DISK.devid()).limit(4, 2);
    }

    /** Executes and gives the request back. */
    static int status(FrontQueue queue, FrontRequest request) {
        int status = queue.execute(request, PATIENCE_MS);
        queue.release(request);
        return status;
    }

    static void dataGoesThereAndBack(SimFrontend frontend, int sectors, long seed) {
        GuestTraffic.thereAndBack(frontend, DoubleBackend.SECTORS, sectors, seed);
    }

    @Override
    public void close() {
        try {
            backend.close();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
        domain.destroy();
        hypervisor.close();
        guest.close();
        xenstore.close();
        xenstored.close();
    }
}
