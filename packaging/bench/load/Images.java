// SPDX-License-Identifier: Apache-2.0

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/**
 * Image files without holes, each with the other engine's cached pages out of the way. Every sector begins with its
 * number, in the byte order of a guest's page.
 */
final class Images {

    private static final int SECTOR = 512;
    private static final int CHUNK = 1 << 20;
    private static final long LEAST_MIB = 16;
    private static final long STAMP = 0xB10CB10C00000000L;

    private final Path folder;
    private final long totalMib;

    /** @param totalMib of all disks of a workload together */
    Images(Path folder, long totalMib) {
        this.folder = folder;
        this.totalMib = totalMib;
    }

    static long stamp(int disk, long sector) {
        return STAMP + ((long) disk << 32) + sector;
    }

    long mib(Workload workload) {
        return Math.max(LEAST_MIB, totalMib / workload.disks());
    }

    /** One for each disk. Those of workloads with as many disks on the same engine are the same. */
    List<Path> make(Workload workload) throws IOException, InterruptedException {
        List<Path> paths = new ArrayList<>();
        for (int i = 0; i < workload.disks(); i++) {
            Path path = folder.resolve("image-" + workload.engine() + "-" + workload.disks() + "-" + i);
            if (!Files.exists(path)) {
                fill(path, i, mib(workload));
            }
            tidy(path, workload.engine().equals("buffered"));
            paths.add(path);
        }
        return paths;
    }

    private static void fill(Path path, int disk, long mib) throws IOException {
        ByteBuffer chunk = ByteBuffer.allocateDirect(CHUNK).order(ByteOrder.LITTLE_ENDIAN);
        try (FileChannel file = FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            for (long at = 0; at < mib << 20; at += CHUNK) {
                for (int i = 0; i < CHUNK; i += SECTOR) {
                    chunk.putLong(i, stamp(disk, (at + i) / SECTOR));
                }
                chunk.clear();
                while (chunk.hasRemaining()) {
                    file.write(chunk, at + chunk.position());
                }
            }
            file.force(true);
        }
    }

    /** All of it is in the page cache, or nothing. */
    private static void tidy(Path path, boolean cached) throws IOException, InterruptedException {
        List<String> command = cached ? List.of("dd", "if=" + path, "of=/dev/null", "bs=1M", "status=none")
            : List.of("dd", "if=" + path, "iflag=nocache", "count=0", "status=none");
        if (new ProcessBuilder(command).inheritIO().start().waitFor() != 0) {
            throw new IOException("failed: " + String.join(" ", command));
        }
    }

    /** After verified writes: every sector holds its own number still. */
    static void check(Path path, int disk) throws IOException {
        ByteBuffer chunk = ByteBuffer.allocateDirect(CHUNK).order(ByteOrder.LITTLE_ENDIAN);
        try (FileChannel file = FileChannel.open(path)) {
            for (long at = 0; at < file.size(); at += CHUNK) {
                chunk.clear();
                while (chunk.hasRemaining() && file.read(chunk, at + chunk.position()) > 0) {
                    // until it is full
                }
                for (int i = 0; i < CHUNK; i += SECTOR) {
                    long sector = (at + i) / SECTOR;
                    if (chunk.getLong(i) != stamp(disk, sector)) {
                        throw new IOException(path + ": sector " + sector + " holds "
                            + Long.toHexString(chunk.getLong(i)));
                    }
                }
            }
        }
    }
}
