// SPDX-License-Identifier: Apache-2.0

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
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
 * {@code BusyGuests DIR DISKS MS}: a simulated host in DIR, whose guests read 4 KiB of each of so many disks, wait MS,
 * and so on. Prints "host", then waits for lines: "connect" when a daemon is ready, answered "connected"; "reset";
 * "report", answered with the longest time from one answer of a disk to the next since "reset", over all disks. Run from
 * source, with the distribution's jars.
 */
final class BusyGuests {

    private static final int DISKS_OF_A_GUEST = 20;
    private static final int IMAGE_BYTES = 16 << 20;
    private static final int SECTORS = 8;
    private static final long PATIENCE_MS = 60_000;

    private final Path folder;
    private final long pauseMs;
    private final SimHypervisor hypervisor;
    private final SimXenstored xenstored;
    private final SimToolstack toolstack;
    private final List<Reader> readers = new ArrayList<>();

    private BusyGuests(Path folder, long pauseMs) throws IOException {
        this.folder = folder;
        this.pauseMs = pauseMs;
        hypervisor = SimHypervisor.open(folder.resolve("hypervisor"));
        xenstored = SimXenstored.start(Files.createDirectories(folder.resolve("xenstored")));
        toolstack = new SimToolstack(XenstoreClient.connect(xenstored.socket()));
    }

    public static void main(String[] args) throws Exception {
        BusyGuests guests = new BusyGuests(Path.of(args[0]), Long.parseLong(args[2]));
        System.out.println("host");
        try (BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                switch (line) {
                    case "connect" -> guests.connect(Integer.parseInt(args[1]));
                    case "reset" -> guests.readers.forEach(Reader::reset);
                    default -> guests.report();
                }
            }
        }
        System.exit(0);
    }

    private void connect(int count) throws IOException {
        int left = count;
        for (int domid = 1; left > 0; domid++) {
            start(domid, Math.min(left, DISKS_OF_A_GUEST));
            left -= DISKS_OF_A_GUEST;
        }
        readers.forEach(Thread::start);
        System.out.println("connected");
    }

    private void start(int domid, int disks) throws IOException {
        xenstored.introduce(domid);
        toolstack.createDomain(domid);
        Xenstore store = XenstoreClient.connect(xenstored.socket(domid));
        SimDomain domain = hypervisor.domain(domid);
        for (int i = 0; i < disks; i++) {
            Path image = folder.resolve("image-" + domid + "-" + i);
            try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
                file.setLength(IMAGE_BYTES);
            }
            DiskConfig disk = DiskConfig.vbd(domid, "xvd" + (char) ('a' + i), image.toString());
            toolstack.attach(disk);
            SimFrontend frontend = new SimFrontend(store, domain, FrontendConfig.of(disk.devid()));
            frontend.connect(PATIENCE_MS);
            readers.add(new Reader(frontend, pauseMs));
        }
    }

    private void report() {
        double[] ms = readers.stream().mapToDouble(reader -> reader.longestNs / 1e6).sorted().toArray();
        System.out.printf(Locale.ROOT, "p50 %.0f ms, p99 %.0f ms, longest %.0f ms%n", at(ms, 0.50), at(ms, 0.99),
            ms[ms.length - 1]);
    }

    private static double at(double[] sorted, double part) {
        return sorted[Math.max(0, (int) Math.ceil(part * sorted.length) - 1)];
    }

    /** One disk's user. */
    private static final class Reader extends Thread {

        private final SimFrontend frontend;
        private final long pauseMs;
        private volatile long longestNs;
        private volatile long answeredAt;

        Reader(SimFrontend frontend, long pauseMs) {
            this.frontend = frontend;
            this.pauseMs = pauseMs;
            setDaemon(true);
        }

        void reset() {
            longestNs = 0;
        }

        @Override
        public void run() {
            answeredAt = System.nanoTime();
            for (long sector = 0; true; sector = (sector + SECTORS) % (IMAGE_BYTES / 512)) {
                FrontRequest request = frontend.claim().read(sector, SECTORS);
                if (frontend.execute(request, PATIENCE_MS) != 0) {
                    System.out.println("a read failed");
                    System.exit(1);
                }
                frontend.release(request);
                long now = System.nanoTime();
                longestNs = Math.max(longestNs, now - answeredAt);
                answeredAt = now;
                pause();
            }
        }

        private void pause() {
            try {
                Thread.sleep(pauseMs);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
