// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.migrate;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.blkbackd.blkback.sim.DiskConfig;
import org.blkbackd.blkback.sim.FrontendConfig;
import org.blkbackd.ioengine.file.FileOptions;

/** Two hosts that reach the same images, and what is recorded of each. */
final class TwoHosts implements AutoCloseable {

    static final int BLOCKS = 48;

    private static final int SLOW_MS = 12;
    private static final int DEPTH = 32;
    private static final int PAGES = 6;

    private final Path folder;
    private final Map<String, StorageRecord> records = new ConcurrentHashMap<>();
    private final SlowStorage[] storage;
    private final SimHost[] hosts;
    private final SimLink link;
    private int images;

    TwoHosts(long seed) {
        this(seed, FileOptions.DEFAULTS, false);
    }

    /** @param peers whether the daemons speak with each other */
    TwoHosts(long seed, FileOptions options, boolean peers) {
        this(seed, options, peers, SLOW_MS);
    }

    /** @param slowMs that a call to the storage takes at most, beside what it takes */
    TwoHosts(long seed, FileOptions options, boolean peers, int slowMs) {
        link = peers ? new SimLink(seed, "left", "right") : null;
        folder = temporaryFolder();
        storage = new SlowStorage[] {new SlowStorage(seed, slowMs), new SlowStorage(seed + 1, slowMs)};
        hosts = new SimHost[] {
            new SimHost("left", folder.resolve("left"), this::record, storage[0], options, link),
            new SimHost("right", folder.resolve("right"), this::record, storage[1], options, link)};
    }

    /** In memory where there is such a place: what is tested is not the storage, and it has direct I/O, too. */
    private static Path temporaryFolder() {
        Path memory = Path.of("/dev/shm");
        try {
            return Files.isWritable(memory) ? Files.createTempDirectory(memory, "migrate-")
                : Files.createTempDirectory("migrate-");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    SimHost host(int index) {
        return hosts[index];
    }

    /** Between their daemons, or null. */
    SimLink link() {
        return link;
    }

    SlowStorage storage(int index) {
        return storage[index];
    }

    /** What reaches an image, from its first moment. */
    StorageRecord record(String image) {
        return records.computeIfAbsent(image, path -> new StorageRecord());
    }

    /** A new image of zeros. */
    Path image() {
        Path image = folder.resolve("image-" + ++images);
        try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
            file.setLength((long) BLOCKS * GuestTraffic.BLOCK_BYTES);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return image;
    }

    /** A domain on a host with a disk, its guest not yet booted. */
    DiskConfig attach(int host, String target) {
        DiskConfig disk = DiskConfig.vbd(hosts[host].newDomain(), "xvda", target);
        hosts[host].toolstack().attach(disk);
        return disk;
    }

    /** A guest for a disk. */
    static MovingGuest guest(String name, long seed, DiskConfig disk) {
        return new MovingGuest(name, FrontendConfig.of(disk.devid()).limit(DEPTH, PAGES), seed, BLOCKS);
    }

    @Override
    public void close() throws IOException {
        for (SimHost host : hosts) {
            host.close();
        }
        try (Stream<Path> all = Files.walk(folder)) {
            for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(path);
            }
        }
    }
}
