// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.file;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** Images in a directory below target/, which is on a real file system where /tmp may not be. */
final class TestImages implements AutoCloseable {

    private final Path directory;
    private int count;

    TestImages() {
        try {
            Files.createDirectories(Path.of("target"));
            directory = Files.createTempDirectory(Path.of("target").toAbsolutePath(), "images-");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    Path directory() {
        return directory;
    }

    /** A new sparse file. */
    Path create(long bytes) {
        Path image = directory.resolve("image-" + count++);
        resize(image, bytes);
        return image;
    }

    static void resize(Path image, long bytes) {
        try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
            file.setLength(bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        try (Stream<Path> found = Files.walk(directory)) {
            List<Path> leavesFirst = found.sorted(Comparator.reverseOrder()).toList();
            for (Path path : leavesFirst) {
                Files.delete(path);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
