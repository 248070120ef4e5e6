// SPDX-License-Identifier: Apache-2.0

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.blkbackd.blkback.sim.DiskConfig;
import org.blkbackd.blkback.sim.FrontRequest;
import org.blkbackd.blkback.sim.FrontendConfig;
import org.blkbackd.blkback.sim.SimFrontend;
import org.blkbackd.blkback.sim.SimToolstack;
import org.blkbackd.grant.sim.SimDomain;
import org.blkbackd.grant.sim.SimHypervisor;
import org.blkbackd.xenstore.Xenstore;
import org.blkbackd.xenstore.client.XenstoreClient;
import org.blkbackd.xenstore.sim.SimXenstored;

/**
 * {@code IdleGuests DIR DISKS}: a simulated host in DIR whose guests have so many disks in all. Each disk is connected,
 * written to and flushed; then the guests do nothing. Prints "host", waits for a file "go" in DIR, which says that a
 * daemon is ready, prints "connected" when all disks are, and waits to be killed. Run from source, with the
 * distribution's jars.
 */
final class IdleGuests {

    private static final int DISKS_OF_A_GUEST = 20;
    private static final int IMAGE_BYTES = 16 << 20;
    private static final int SECTORS = 8;
    private static final int MOST_IN_FLIGHT = 16;
    private static final long PATIENCE_MS = 60_000;

    private final Path folder;
    private final SimHypervisor hypervisor;
    private final SimXenstored xenstored;
    private final SimToolstack toolstack;
    private final List<SimFrontend> frontends = new ArrayList<>();

    private IdleGuests(Path folder) throws IOException {
        this.folder = folder;
        hypervisor = SimHypervisor.open(folder.resolve("hypervisor"));
        xenstored = SimXenstored.start(Files.createDirectories(folder.resolve("xenstored")));
        toolstack = new SimToolstack(XenstoreClient.connect(xenstored.socket()));
    }

    public static void main(String[] args) throws Exception {
        IdleGuests guests = new IdleGuests(Path.of(args[0]));
        System.out.println("host");
        while (!Files.exists(guests.folder.resolve("go"))) {
            Thread.sleep(50);
        }
        int disks = Integer.parseInt(args[1]);
        for (int domid = 1; disks > 0; domid++) {
            guests.start(domid, Math.min(disks, DISKS_OF_A_GUEST));
            disks -= DISKS_OF_A_GUEST;
        }
        System.out.println("connected");
        new CountDownLatch(1).await();
    }

    private void start(int domid, int disks) throws IOException {
        xenstored.introduce(domid);
        toolstack.createDomain(domid);
        Xenstore store = XenstoreClient.connect(xenstored.socket(domid));
        SimDomain domain = hypervisor.domain(domid);
        for (int i = 0; i < disks; i++) {
            DiskConfig disk = DiskConfig.vbd(domid, "xvd" + (char) ('a' + i), image(domid, i).toString());
            toolstack.attach(disk);
            SimFrontend frontend = new SimFrontend(store, domain, FrontendConfig.of(disk.devid()));
            frontend.connect(PATIENCE_MS);
            use(frontend);
            frontends.add(frontend);
        }
    }

    private Path image(int domid, int number) throws IOException {
        Path image = folder.resolve("image-" + domid + "-" + number);
        try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
            file.setLength(IMAGE_BYTES);
        }
        return image;
    }

    /** As many requests at once as a busy guest has: the buffers for them are then there. */
    private static void use(SimFrontend frontend) {
        for (int i = 0; i < MOST_IN_FLIGHT; i++) {
            frontend.submit(frontend.claim().put(new byte[SECTORS * 512]).write(i * SECTORS, SECTORS));
        }
        frontend.kick();
        while (frontend.inFlight() > 0) {
            if (!frontend.await(PATIENCE_MS)) {
                throw new IllegalStateException("no answer from the backend");
            }
            for (FrontRequest done = frontend.reap(); done != null; done = frontend.reap()) {
                frontend.release(done);
            }
        }
        FrontRequest flush = frontend.claim().flush();
        frontend.execute(flush, PATIENCE_MS);
        frontend.release(flush);
    }
}
