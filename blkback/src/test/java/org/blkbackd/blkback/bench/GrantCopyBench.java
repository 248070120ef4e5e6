// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Stream;
import org.blkbackd.grant.GrantCopy;
import org.blkbackd.grant.GrantTable;
import org.blkbackd.grant.sim.SimDomain;
import org.blkbackd.grant.sim.SimHypervisor;
import org.blkbackd.ioengine.IoMemory;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;

/** A page copied between a guest and us, in a batch, on the simulated hypervisor, whose cost is not a real one's. */
public class GrantCopyBench extends NanosBench {

    private static final int GUEST = 1;
    private static final int PAGES = 32;

    /** Which way. */
    @Param
    public GrantCopy.Direction direction;

    private final int[] grantRefs = new int[PAGES];
    private Path folder;
    private SimHypervisor hypervisor;
    private SimDomain guest;
    private GrantTable table;
    private GrantCopy copy;
    private IoMemory ours;

    /** A guest with granted pages. */
    @Setup
    public void grant() throws IOException {
        folder = Files.createTempDirectory(Path.of("/dev/shm"), "blkbackd-grant-");
        hypervisor = SimHypervisor.open(folder);
        guest = hypervisor.domain(GUEST);
        for (int i = 0; i < PAGES; i++) {
            grantRefs[i] = guest.grant(0, guest.allocatePage(), false);
        }
        table = hypervisor.grantTable(0);
        copy = table.newCopy(direction, PAGES);
        ours = IoMemory.allocate(PAGES * GrantTable.PAGE_SIZE);
    }

    /** Leaves nothing. */
    @TearDown
    public void remove() throws IOException {
        ours.close();
        copy.close();
        table.close();
        guest.close();
        hypervisor.close();
        try (Stream<Path> left = Files.walk(folder)) {
            left.sorted(Comparator.reverseOrder()).forEach(path -> path.toFile().delete());
        }
    }

    /** One page a crossing. */
    @Benchmark
    public int page() {
        return crossing(1);
    }

    /** A page of 32 in a crossing. */
    @Benchmark
    @OperationsPerInvocation(PAGES)
    public int pageOf32() {
        return crossing(PAGES);
    }

    private int crossing(int pages) {
        copy.clear();
        for (int i = 0; i < pages; i++) {
            copy.add(GUEST, grantRefs[i], 0, ours.address() + (long) i * GrantTable.PAGE_SIZE, GrantTable.PAGE_SIZE);
        }
        if (copy.execute() != 0 || copy.status(pages - 1) != GrantCopy.OKAY) {
            throw new IllegalStateException("not copied");
        }
        return pages;
    }
}
