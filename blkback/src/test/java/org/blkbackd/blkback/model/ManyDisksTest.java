// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.model;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.blkbackd.blkback.sim.DiskConfig;
import org.blkbackd.blkback.sim.FrontRequest;
import org.blkbackd.blkback.sim.FrontendConfig;
import org.blkbackd.blkback.sim.SimFrontend;
import org.blkbackd.blkback.sim.SimToolstack;
import org.blkbackd.blkback.sim.ToolstackJob;
import org.blkbackd.blkback.sim.ToolstackTimeouts;
import org.blkbackd.grant.sim.SimDomain;
import org.blkbackd.xenstore.Xenstore;
import org.blkbackd.xenstore.client.XenstoreClient;
import org.junit.jupiter.api.Test;

/**
 * Hundreds of disks at once: all connected, verified, and gone without a trace. libxl gives each 10 s; the times:
 * {@code mvn -pl blkback test -Dtest=ManyDisksTest -Dmodel.disks=2000}.
 */
class ManyDisksTest {

    private static final int DISKS = Integer.getInteger("model.disks", 500);
    private static final int GUESTS = 10;
    private static final long PATIENCE_MS = 600_000;
    /** The times are printed, for a quiet machine; here a busy one must do. */
    private static final ToolstackTimeouts PATIENT = new ToolstackTimeouts(PATIENCE_MS, PATIENCE_MS, PATIENCE_MS);
    private static final int IMAGE_BYTES = 1 << 20;

    private final ExecutorService guestThreads = Executors.newFixedThreadPool(GUESTS);
    private final List<Guest> guests = new ArrayList<>();

    @Test
    void allAreServedAtOnceAndLeaveNothing() throws Exception {
        try (ModelHost host = new ModelHost()) {
            Leftovers before = new Leftovers(host);
            Path images = Files.createDirectory(host.folder.resolve("images"));
            for (int i = 0; i < GUESTS; i++) {
                guests.add(new Guest(host, images, DISKS / GUESTS));
            }
            inAll(host, "attached", Guest::attach);
            inAll(host, "connected", Guest::connect);
            inAll(host, "verified", Guest::verify);
            inAll(host, "gone", Guest::leave);
            before.assertNone(images);
            assertNull(host.rules.broken());
            assertNull(host.log.first());
        } finally {
            guestThreads.shutdownNow();
        }
    }

    private interface Step {
        void run(Guest guest) throws Exception;
    }

    private void inAll(ModelHost host, String what, Step step) throws InterruptedException, ExecutionException {
        long start = System.nanoTime();
        List<Callable<Object>> calls = new ArrayList<>();
        for (Guest guest : guests) {
            calls.add(() -> {
                step.run(guest);
                return null;
            });
        }
        for (Future<Object> done : guestThreads.invokeAll(calls)) {
            done.get();
        }
        System.out.println(DISKS + " disks " + what + " after "
            + TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start) + " ms; so far " + host.daemonXenstore.cost());
    }

    /** One domain with its share of the disks, on a thread of its own: half of the guests are destroyed. */
    private static final class Guest {

        private final ModelHost host;
        private final SimToolstack toolstack;
        private final int domid;
        private final Xenstore xenstore;
        private final SimDomain domain;
        private final List<DiskConfig> disks = new ArrayList<>();
        private final List<SimFrontend> frontends = new ArrayList<>();

        Guest(ModelHost host, Path images, int count) throws IOException {
            this.host = host;
            toolstack = new SimToolstack(host.dom0, PATIENT);
            domid = host.newDomid();
            host.xenstored.introduce(domid);
            toolstack.createDomain(domid);
            xenstore = XenstoreClient.connect(host.xenstored.socket(domid));
            domain = host.hypervisor.domain(domid);
            for (int i = 0; i < count; i++) {
                Path image = images.resolve(domid + "-" + i);
                try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
                    file.setLength(IMAGE_BYTES);
                }
                disks.add(DiskConfig.vbd(domid, vdev(i), "buffered:" + image));
            }
        }

        private static String vdev(int index) {
            return "xvd" + (index < 26 ? "" : (char) ('a' + index / 26 - 1)) + (char) ('a' + index % 26);
        }

        void attach() {
            List<ToolstackJob> jobs = disks.stream().map(toolstack::beginAttach).toList();
            jobs.forEach(ToolstackJob::await);
        }

        void connect() {
            for (DiskConfig disk : disks) {
                SimFrontend frontend = new SimFrontend(xenstore, domain, FrontendConfig.of(disk.devid()).limit(2, 2));
                frontend.offer();
                frontends.add(frontend);
            }
            frontends.forEach(frontend -> frontend.awaitConnected(PATIENCE_MS));
        }

        void verify() {
            for (SimFrontend frontend : frontends) {
                byte[] data = new byte[8192];
                new Random(System.identityHashCode(frontend)).nextBytes(data);
                FrontRequest write = frontend.claim().put(data).write(16, 16);
                assertEquals(0, frontend.execute(write, PATIENCE_MS));
                frontend.release(write);
                FrontRequest read = frontend.claim().read(16, 16);
                assertEquals(0, frontend.execute(read, PATIENCE_MS));
                byte[] found = new byte[data.length];
                read.get(found);
                frontend.release(read);
                assertArrayEquals(data, found);
            }
        }

        void leave() {
            if (domid % 2 == 0) {
                for (int i = 0; i < disks.size(); i++) {
                    frontends.get(i).close(PATIENCE_MS);
                    toolstack.detach(disks.get(i));
                    assertEquals(0, frontends.get(i).violations());
                }
            } else {
                frontends.forEach(SimFrontend::crash);
            }
            toolstack.destroyDomain(domid);
            await().until(() -> domain.mappedGrants() == 0);
            xenstore.close();
            host.xenstored.release(domid);
            domain.destroy();
        }
    }
}
