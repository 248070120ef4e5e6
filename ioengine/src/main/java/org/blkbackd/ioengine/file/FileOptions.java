// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.file;

import java.util.List;

/**
 * Settings of a {@link FileProvider}.
 *
 * @param ioThreads       threads at most, shared by all disks; 2 at least
 * @param barePath        engine of a path without a scheme
 * @param forcedAlignment 0, or the unit in bytes (a power of two from 512 to 65536) that direct disks pretend the
 *                        storage has; for tests of read-modify-write where no such storage is at hand
 * @param dropsCache      heeds {@link org.blkbackd.ioengine.OpenMode#fresh}; false only to see that tests notice
 */
public record FileOptions(int ioThreads, Caching barePath, int forcedAlignment, boolean dropsCache) {

    /** How an image is opened. */
    public enum Caching {
        /** O_DIRECT. */
        DIRECT,
        /** Through the page cache. */
        BUFFERED,
        /** Direct where the image allows it, else buffered. */
        DIRECT_IF_POSSIBLE
    }

    /** 32 threads; a bare path is direct where the image allows it. The property is for tests, as its other uses. */
    public static final FileOptions DEFAULTS = new FileOptions(32, Caching.DIRECT_IF_POSSIBLE, 0,
        !List.of(System.getProperty("blkbackd.faults", "").split("\\s*,\\s*")).contains("off:cache-drop"));

    /** Checks the ranges. */
    public FileOptions {
        if (ioThreads < 2) {
            throw new IllegalArgumentException(ioThreads + " I/O threads; two are the least");
        }
        if (forcedAlignment != 0 && (forcedAlignment < 512 || forcedAlignment > 65536
            || Integer.bitCount(forcedAlignment) != 1)) {
            throw new IllegalArgumentException("a forced alignment of " + forcedAlignment);
        }
    }

    /** The same with another number of threads. */
    public FileOptions withIoThreads(int threads) {
        return new FileOptions(threads, barePath, forcedAlignment, dropsCache);
    }

    /** The same with another engine for bare paths. */
    public FileOptions withBarePath(Caching caching) {
        return new FileOptions(ioThreads, caching, forcedAlignment, dropsCache);
    }

    /** The same with a forced alignment. */
    public FileOptions withForcedAlignment(int bytes) {
        return new FileOptions(ioThreads, barePath, bytes, dropsCache);
    }

    /** The same, heeding {@link org.blkbackd.ioengine.OpenMode#fresh} or not. */
    public FileOptions withCacheDrop(boolean drops) {
        return new FileOptions(ioThreads, barePath, forcedAlignment, drops);
    }
}
