// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.grant.sim;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The FIFOs of one folder as one process sees them: its own, and those it wakes. A FIFO is named by its owner's token
 * and a number within the owner, so that anybody can tell those of the dead.
 */
final class WakeFifos {

    private static final String PREFIX = "wake-";

    private final Path folder;
    private final Members members;
    private final AtomicInteger handles = new AtomicInteger();
    private final Map<Long, WakeFifo> others = new ConcurrentHashMap<>();

    WakeFifos(Path folder, Members members) {
        this.folder = folder;
        this.members = members;
    }

    static long key(int token, int handle) {
        return (long) token << 32 | handle;
    }

    WakeFifo create() {
        long key = key(members.token(), handles.incrementAndGet());
        return WakeFifo.create(path(key), key);
    }

    void discard(WakeFifo own) {
        own.close();
        delete(own.path());
    }

    /** The FIFO of {@code key}, perhaps of somebody who is gone. */
    WakeFifo find(long key) {
        WakeFifo found = others.get(key);
        if (found == null) {
            sweep();
            found = others.computeIfAbsent(key, k -> WakeFifo.open(path(k), k));
        }
        return found;
    }

    /** Removes what dead processes left. */
    void removeDead() {
        try (DirectoryStream<Path> left = Files.newDirectoryStream(folder, PREFIX + "*")) {
            for (Path path : left) {
                String[] parts = path.getFileName().toString().split("-");
                if (!members.isAlive(Integer.parseInt(parts[1]))) {
                    delete(path);
                }
            }
        } catch (IOException | NumberFormatException e) {
            throw new IllegalStateException("cannot tidy " + folder, e);
        }
    }

    void close() {
        others.values().forEach(WakeFifo::close);
        others.clear();
    }

    /** Forgets handles that were closed since; called only when a new one appears. */
    private void sweep() {
        others.values().removeIf(fifo -> {
            boolean gone = !Files.exists(fifo.path());
            if (gone) {
                fifo.close();
            }
            return gone;
        });
    }

    private Path path(long key) {
        return folder.resolve(PREFIX + (key >>> 32) + "-" + (int) key);
    }

    private static void delete(Path path) {
        try {
            Files.deleteIfExists(path);
        } catch (IOException e) {
            throw new IllegalStateException("cannot delete " + path, e);
        }
    }
}
