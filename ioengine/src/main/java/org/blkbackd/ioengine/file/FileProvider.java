// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.file;

import java.nio.file.Path;
import java.util.Set;
import org.blkbackd.ioengine.Disk;
import org.blkbackd.ioengine.DiskException;
import org.blkbackd.ioengine.DiskProvider;
import org.blkbackd.ioengine.DiskSpec;
import org.blkbackd.ioengine.OpenMode;
import org.blkbackd.ioengine.file.FileOptions.Caching;

/**
 * Opens {@code direct:PATH}, {@code buffered:PATH} and bare paths. Its disks share its I/O threads, named
 * {@code blkbackd-io-N}. It never creates a file.
 */
public final class FileProvider implements DiskProvider {

    private static final String DIRECT = "direct";
    private static final String BUFFERED = "buffered";

    private final FileOptions options;
    private final FileIo io;
    private final IoPool pool;

    /** Starts no thread yet. */
    public FileProvider(FileOptions options) {
        this(options, new SystemFileIo());
    }

    FileProvider(FileOptions options, FileIo io) {
        this.options = options;
        this.io = io;
        pool = new IoPool(io, options.ioThreads());
    }

    @Override
    public Set<String> schemes() {
        return Set.of(DIRECT, BUFFERED, DiskSpec.DEFAULT);
    }

    @Override
    public void check(DiskSpec spec, boolean readOnly) {
        checkPath(spec);
        try (ImageProbe probe = new ImageProbe(io)) {
            FileStatus status = probe.status(spec.target());
            if (status == null) {
                throw Faults.of(spec, readOnly, probe.error());
            }
            checkStatus(spec, readOnly, status);
        }
        int denied = io.access(spec.target(), readOnly ? Linux.R_OK : Linux.R_OK | Linux.W_OK);
        if (denied < 0) {
            throw Faults.of(spec, readOnly, denied);
        }
    }

    @Override
    public Disk open(DiskSpec spec, OpenMode mode) {
        checkPath(spec);
        try (ImageProbe probe = new ImageProbe(io)) {
            ImageOpener opener = new ImageOpener(io, probe, spec, mode.withFresh(mode.fresh() && options.dropsCache()),
                options.forcedAlignment());
            Patience patience = new Patience(mode.patienceMs());
            while (true) {
                try {
                    return new FileDisk(io, opener.open(caching(spec), pool.maxThreads()), pool);
                } catch (DiskException e) {
                    // no descriptor is open while we wait, and the path is resolved anew: it may be another file then
                    if (e.kind() != DiskException.Kind.IN_USE || !patience.pause()) {
                        throw e.kind() != DiskException.Kind.IN_USE || opener.isLocked() ? e
                            : Faults.inUse(spec, LockHolder.find(spec.target()));
                    }
                }
            }
        }
    }

    @Override
    public String identity(DiskSpec spec) {
        checkPath(spec);
        try (ImageProbe probe = new ImageProbe(io)) {
            return new ImageIdentity(io, probe, Path.of("/"), spec).find();
        }
    }

    @Override
    public void close() {
        pool.close();
    }

    private void checkStatus(DiskSpec spec, boolean readOnly, FileStatus status) {
        long size = status.sizeBytes();
        if (status.isBlockDevice()) {
            size = BlockDevices.sizeBytes(status.deviceNumber());
            if (!readOnly && BlockDevices.isReadOnly(status.deviceNumber())) {
                throw Faults.denied(spec, false, "ro");
            }
        } else if (!status.isRegularFile()) {
            throw Faults.wrongType(spec, status);
        }
        if (size >= 0 && size < 512) {
            throw Faults.empty(spec, size);
        }
        if (caching(spec) == Caching.DIRECT && status.directKnown() && status.offsetAlignment() == 0) {
            throw Faults.noDirect(spec);
        }
    }

    private Caching caching(DiskSpec spec) {
        return switch (spec.scheme()) {
            case DIRECT -> Caching.DIRECT;
            case BUFFERED -> Caching.BUFFERED;
            default -> options.barePath();
        };
    }

    private static void checkPath(DiskSpec spec) {
        if (!spec.target().startsWith("/")) {
            throw Faults.badPath(spec, "give an absolute path");
        }
        if (spec.target().chars().anyMatch(Character::isISOControl)) {
            throw Faults.badPath(spec, "a path with control characters is not accepted");
        }
    }
}
