// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.crash;

import static org.junit.jupiter.api.Assumptions.abort;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.blkbackd.blkback.config.BlkbackConfig;
import org.blkbackd.blkback.sim.DiskConfig;
import org.blkbackd.blkback.sim.FrontendConfig;
import org.blkbackd.blkback.sim.SimFrontend;
import org.blkbackd.blkback.sim.SimToolstack;
import org.blkbackd.blkback.sim.ToolstackTimeouts;
import org.blkbackd.grant.sim.SimHypervisor;
import org.blkbackd.ioengine.uring.UringLoop;
import org.blkbackd.ioengine.uring.UringUnavailableException;
import org.blkbackd.xenstore.Xenstore;
import org.blkbackd.xenstore.client.XenstoreClient;
import org.blkbackd.xenstore.sim.SimXenstored;

/**
 * A simulated host whose hypervisor, xenstored, toolstack and guests live in this process, and outlive the backends,
 * each a process of its own.
 */
final class CrashHost implements AutoCloseable {

    static final long PATIENCE_MS = 40_000;

    /**
     * A guest with one disk.
     *
     * @param bits32    an x86 guest of 32 bits, whose rings have another layout
     * @param segments  data pages of a request; more than 11 make indirect ones
     * @param blockSize what it writes at once at least
     * @param depth     of each ring
     */
    record Shape(int domid, String engine, int queues, int ringOrder, int segments, int blockSize, int depth,
                 boolean bits32) {

        static Shape plain(int domid, String engine) {
            return new Shape(domid, engine, 1, 0, 11, 512, 32, true);
        }

        static Shape large(int domid, String engine) {
            return new Shape(domid, engine, 2, 1, 24, 4096, 64, false);
        }
    }

    static final int BLOCKS = 512;

    private final Path folder;
    private final Path images;
    private final long seed;
    private final SimHypervisor hypervisor;
    private final SimXenstored xenstored;
    private final Xenstore dom0;
    private final SimToolstack toolstack;
    private final Map<Integer, DiskConfig> disks = new TreeMap<>();
    private final Map<Integer, Xenstore> stores = new TreeMap<>();
    private final Map<CheckedGuest, Path> guests = new LinkedHashMap<>();
    private final List<Path> files = new ArrayList<>();
    private BackendProcess backend;
    /** Disks that were there before this backend. */
    private List<String> inherited = List.of();
    private int lives;
    private String ioUring = BlkbackConfig.DEFAULTS.ioUring();

    /** @param images a folder on a file system that has direct I/O */
    CrashHost(Path folder, Path images, long seed) throws IOException {
        this.folder = folder;
        this.images = Files.createDirectories(images);
        this.seed = seed;
        hypervisor = SimHypervisor.open(folder.resolve("hypervisor"));
        xenstored = SimXenstored.start(Files.createDirectories(folder.resolve("xenstored")));
        dom0 = XenstoreClient.connect(xenstored.socket());
        toolstack = new SimToolstack(dom0, new ToolstackTimeouts(PATIENCE_MS, PATIENCE_MS, PATIENCE_MS));
    }

    // --- backends ---------------------------------------------------------------------------------------------------

    /** Starts the next backend; the last one must be dead. */
    BackendProcess start(BackendProcess.Options options) {
        if (backend != null && backend.isAlive()) {
            throw new IllegalStateException("two backends");
        }
        inherited = disks.values().stream().map(disk -> disk.backendPath() + "/").toList();
        backend = BackendProcess.start(folder, options, folder.resolve("backend-" + ++lives + ".log"));
        return backend;
    }

    /** Starts the next backend without any fault, and waits until it serves. */
    BackendProcess start() {
        return start(options()).awaitReady();
    }

    /** The same without waiting: it finds its work while it starts. */
    void startWithoutWaiting() {
        start(options());
    }

    /** How the next backends are set; skips the test where that makes no difference. */
    void setIoUring(String word) {
        if (word.equals(BlkbackConfig.AUTO)) {
            try {
                UringLoop.open().close();
            } catch (UringUnavailableException e) {
                abort("needs io_uring: " + e.getMessage());
            }
        }
        ioUring = word;
    }

    BackendProcess backend() {
        return backend;
    }

    BackendProcess.Options options() {
        return BackendProcess.Options.plain(seed + lives).ioUring(ioUring);
    }

    // --- guests -----------------------------------------------------------------------------------------------------

    /** Boots a guest with a new image. A backend must be running. */
    CheckedGuest boot(Shape shape) {
        int domid = shape.domid();
        Path image = image(domid, shape.blockSize());
        DiskConfig disk = attach(domid, image, shape.engine());
        CheckedGuest guest = new CheckedGuest("guest " + domid + " on " + shape.engine(), () -> {
            SimFrontend frontend = frontend(disk, shape);
            frontend.connect(PATIENCE_MS);
            return frontend;
        }, frontend -> new GuestTraffic(frontend, seed * 100 + domid, shape.blockSize(), BLOCKS, shape.segments()));
        guests.put(guest, image);
        guest.start();
        guest.awaitConnected(PATIENCE_MS);
        return guest;
    }

    /** The driver of an attached disk. */
    SimFrontend frontend(DiskConfig disk, Shape shape) {
        int devid = disk.devid();
        FrontendConfig any = shape.bits32() ? FrontendConfig.x86With32Bits(devid) : FrontendConfig.of(devid);
        FrontendConfig config = any.withRingOrder(shape.ringOrder())
            .limit(shape.depth(), shape.segments()).withQueues(shape.queues());
        return new SimFrontend(stores.get(disk.domid()), hypervisor.domain(disk.domid()), config);
    }

    /** Makes a domain and attaches a disk to it. */
    DiskConfig attach(int domid, Path image, String engine) {
        xenstored.introduce(domid);
        toolstack.createDomain(domid);
        stores.put(domid, XenstoreClient.connect(xenstored.socket(domid)));
        DiskConfig disk = DiskConfig.vbd(domid, "xvda", engine + ":" + image);
        disks.put(domid, disk);
        toolstack.attach(disk);
        return disk;
    }

    /** A new image. */
    Path image(int domid, int blockSize) {
        String name = "crash-" + ProcessHandle.current().pid() + "-" + domid + "-" + files.size() + ".img";
        Path image = images.resolve(name).toAbsolutePath();
        try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
            file.setLength((long) BLOCKS * blockSize);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        files.add(image);
        return image;
    }

    /** {@code xl destroy} while nobody serves: the toolstack gives the backend up and removes all nodes. */
    void destroy(int domid) {
        toolstack.destroyQemuKind(disks.remove(domid));
        toolstack.forgetDomain(domid);
        stores.remove(domid).close();
        hypervisor.domain(domid).destroy();
        xenstored.release(domid);
    }

    /** Expects nothing more of a guest, which is stopped. */
    void forget(CheckedGuest guest) {
        guests.remove(guest);
    }

    Collection<CheckedGuest> guests() {
        return guests.keySet();
    }

    Path folder() {
        return folder;
    }

    SimHypervisor hypervisor() {
        return hypervisor;
    }

    SimToolstack toolstack() {
        return toolstack;
    }

    Xenstore dom0() {
        return dom0;
    }

    Xenstore store(int domid) {
        return stores.get(domid);
    }

    DiskConfig disk(int domid) {
        return disks.get(domid);
    }

    // --- judging ----------------------------------------------------------------------------------------------------

    /** Every guest gets all its answers, and more. */
    void awaitServed(int more, long patienceMs) {
        guests().forEach(guest -> guest.awaitServed(more, patienceMs));
        requireStates();
    }

    void awaitServed() {
        try {
            awaitServed(30, PATIENCE_MS);
        } catch (AssertionError e) {
            throw new AssertionError(e.getMessage() + "\n" + backend.log(), e);
        }
    }

    /** Both ends are connected, and the last backend of this class's wrote no other state. */
    void requireStates() {
        for (DiskConfig disk : disks.values()) {
            requireState(disk.backendPath());
            requireState(disk.frontendPath());
        }
        String log = backend == null ? "" : backend.log();
        log.lines().filter(line -> line.startsWith(StateRecorder.WORD) && !line.endsWith(" 4"))
            .filter(line -> inherited.stream().anyMatch(line::contains)).findFirst().ifPresent(line -> {
                throw new AssertionError("the backend wrote a state that it must not: " + line);
            });
    }

    private void requireState(String path) {
        String state = dom0.readOrNull(path + "/state");
        if (!"4".equals(state)) {
            throw new AssertionError(path + "/state is " + state + ", must stay 4");
        }
    }

    /** Ends the traffic: everything is answered, and every block holds what it must. */
    void finish() {
        guests().forEach(guest -> guest.finish(PATIENCE_MS));
        requireStates();
        if (guests().stream().anyMatch(guest -> guest.frontend().violations() != 0)) {
            throw new AssertionError("a rule of the protocol was broken");
        }
    }

    /** Takes the backend down in order and compares what is in the images themselves. */
    void checkImages() {
        backend.signal("TERM");
        backend.awaitEnd(PATIENCE_MS);
        guests.forEach((guest, image) -> {
            try {
                guest.check(Files.readAllBytes(image));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
    }

    /** The same for a guest of the test's own. */
    void checkImage(LoneGuest guest) throws IOException {
        backend.signal("TERM");
        backend.awaitEnd(PATIENCE_MS);
        guest.traffic().check(Files.readAllBytes(guest.image()));
    }

    long answers() {
        return guests().stream().mapToLong(CheckedGuest::answers).sum();
    }

    long blocksRead() {
        return guests().stream().mapToLong(CheckedGuest::blocksRead).sum();
    }

    @Override
    public void close() throws IOException {
        guests().forEach(CheckedGuest::stop);
        if (backend != null) {
            backend.close();
        }
        stores.values().forEach(Xenstore::close);
        dom0.close();
        xenstored.close();
        hypervisor.close();
        for (Path file : files) {
            Files.deleteIfExists(file);
        }
    }
}
