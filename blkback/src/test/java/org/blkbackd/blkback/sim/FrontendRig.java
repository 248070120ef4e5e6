// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.sim;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.Random;
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

    /** Fills every slot of every queue with writes at once, then with reads, and compares. */
    static void dataGoesThereAndBack(SimFrontend frontend, int sectors, long seed) {
        for (int round = 0; round < 2; round++) {
            int asked = 0;
            for (FrontQueue queue : frontend.queues()) {
                for (FrontRequest request = queue.claim(); request != null; request = queue.claim()) {
                    request.tag(asked);
                    long sector = (long) asked % (DoubleBackend.SECTORS / sectors) * sectors;
                    if (round == 0) {
                        request.put(data(sector, sectors, seed)).write(sector, sectors);
                    } else {
                        request.read(sector, sectors);
                    }
                    queue.submit(request);
                    asked++;
                }
                queue.kick();
            }
            assertEquals(asked, frontend.inFlight());
            for (FrontQueue queue : frontend.queues()) {
                reapAll(queue, round == 1, sectors, seed);
            }
            assertEquals(0, frontend.inFlight());
        }
        assertEquals(0, frontend.violations());
    }

    private static void reapAll(FrontQueue queue, boolean compare, int sectors, long seed) {
        byte[] read = new byte[sectors * 512];
        while (queue.inFlight() > 0 || queue.await(0)) {
            assertTrue(queue.await(PATIENCE_MS));
            FrontRequest answered = queue.reap();
            assertTrue(answered.isOkay());
            if (compare) {
                answered.get(read);
                assertArrayEquals(data(answered.sector(), sectors, seed), read, "seed " + seed);
            }
            queue.release(answered);
        }
    }

    private static byte[] data(long sector, int sectors, long seed) {
        byte[] data = new byte[sectors * 512];
        new Random(seed + sector).nextBytes(data);
        return data;
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
