// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.device;

import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import org.blkbackd.ioengine.Disk;
import org.blkbackd.ioengine.DiskProvider;
import org.blkbackd.ioengine.DiskSpec;
import org.blkbackd.ioengine.IoRequest;
import org.blkbackd.ioengine.OpenMode;
import org.blkbackd.ioengine.file.FileOptions;
import org.blkbackd.ioengine.file.FileProvider;
import org.blkbackd.ioengine.sim.FaultyDisk;

/** Files that fail when they are told to: scheme {@code faulty}. */
final class FaultyFiles implements DiskProvider {

    private final FileProvider files = new FileProvider(FileOptions.DEFAULTS);
    /** The one that was opened last. */
    volatile FaultyDisk disk;
    volatile int opened;
    /** Where it was written to, in the order in which that was asked. */
    final List<Long> written = new CopyOnWriteArrayList<>();

    private static DiskSpec file(DiskSpec spec) {
        return DiskSpec.parse("buffered:" + spec.target());
    }

    @Override
    public Set<String> schemes() {
        return Set.of("faulty");
    }

    @Override
    public void check(DiskSpec spec, boolean readOnly) {
        files.check(file(spec), readOnly);
    }

    @Override
    public Disk open(DiskSpec spec, OpenMode mode) {
        disk = FaultyDisk.wrap(files.open(file(spec), mode));
        opened++;
        written.clear();
        disk.faults().fail(this::note, 0);
        return disk;
    }

    private boolean note(IoRequest request) {
        if (request.operation() == IoRequest.Operation.WRITE) {
            written.add(request.offsetBytes());
        }
        return false;
    }

    @Override
    public void close() {
        files.close();
    }
}
