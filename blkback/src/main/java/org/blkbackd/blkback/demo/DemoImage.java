// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.demo;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** The real image file of a demo: made, or taken after a look that nobody's data is in it, and read back afterwards. */
final class DemoImage implements AutoCloseable {

    /** Partition tables, file systems and volume labels all begin within it. */
    private static final int LOOKED_AT = 1 << 20;

    private final Path path;
    private final boolean temporary;
    private final long sizeBytes;

    private DemoImage(Path path, boolean temporary) throws IOException {
        this.path = path;
        this.temporary = temporary;
        sizeBytes = Files.size(path);
    }

    /** A file of {@code sizeBytes} that is gone afterwards, in the working directory: /tmp may be no real disk. */
    static DemoImage temporary(long sizeBytes) throws IOException {
        Path made = Files.createTempFile(Path.of("").toAbsolutePath(), "blkbackd-demo-", ".img");
        resize(made, sizeBytes);
        return new DemoImage(made, true);
    }

    /**
     * A file of the caller's, made with {@code sizeBytes} where there is none; it stays afterwards.
     *
     * @throws IOException also when it holds data that is not an earlier demo's
     */
    static DemoImage of(Path path, long sizeBytes) throws IOException {
        if (Files.notExists(path.toAbsolutePath().getParent())) {
            throw new IOException(path + " cannot be made: there is no such directory");
        } else if (Files.notExists(path)) {
            Files.createFile(path);
            resize(path, sizeBytes);
        } else if (!Files.isRegularFile(path)) {
            throw new IOException(path + " is not a regular file");
        } else if (holdsData(path)) {
            throw new IOException(path + " holds data, which the demo would overwrite: name another file");
        } else if (Files.size(path) == 0) {
            resize(path, sizeBytes);
        }
        return new DemoImage(path.toAbsolutePath(), false);
    }

    private static void resize(Path file, long sizeBytes) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.wrap(new byte[1]), sizeBytes - 1);
        }
    }

    private static boolean holdsData(Path file) throws IOException {
        ByteBuffer head = ByteBuffer.allocate(LOOKED_AT).order(ByteOrder.LITTLE_ENDIAN);
        try (FileChannel channel = FileChannel.open(file)) {
            while (head.hasRemaining() && channel.read(head) >= 0) {
                continue;
            }
        }
        if (head.flip().remaining() >= Long.BYTES && head.getLong(0) == VerifiedBlocks.MAGIC) {
            return false;
        }
        while (head.hasRemaining()) {
            if (head.get() != 0) {
                return true;
            }
        }
        return false;
    }

    Path path() {
        return path;
    }

    long sizeBytes() {
        return sizeBytes;
    }

    /** Blocks that were written and do not hold what was written last. Reads the file itself, past the service. */
    long mismatches(VerifiedBlocks blocks) throws IOException {
        long wrong = 0;
        ByteBuffer block = ByteBuffer.allocateDirect(blocks.blockSize());
        try (FileChannel channel = FileChannel.open(path)) {
            for (int i = 0; i < blocks.blocks(); i++) {
                if (blocks.isWritten(i)) {
                    block.clear();
                    channel.read(block, (long) i * blocks.blockSize());
                    wrong += blocks.matches(i, block.clear()) ? 0 : 1;
                }
            }
        }
        return wrong;
    }

    @Override
    public void close() throws IOException {
        if (temporary) {
            Files.deleteIfExists(path);
        }
    }
}
