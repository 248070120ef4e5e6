// SPDX-License-Identifier: Apache-2.0

import org.blkbackd.blkback.sim.DiskConfig;
import org.blkbackd.blkback.sim.SimFrontend;

/** One disk of the load: where its next block lies. Owned by the thread of the load. */
final class LoadDisk {

    private final int index;
    private final DiskConfig config;
    private final SimFrontend frontend;
    private final int blockSectors;
    private final long blocks;
    private final boolean random;
    private final boolean verifies;
    private final boolean measured;
    private long state;
    private long next;

    /** @param measured false: it only keeps the storage busy beside those that are */
    LoadDisk(int index, DiskConfig config, SimFrontend frontend, Workload workload, boolean verifies,
        boolean measured) {
        this.index = index;
        this.config = config;
        this.frontend = frontend;
        this.verifies = verifies;
        this.measured = measured;
        blockSectors = workload.sectors();
        blocks = frontend.sectors() / blockSectors;
        random = workload.random();
        // The same blocks in every round.
        state = 0x9E3779B97F4A7C15L * (config.devid() | 1);
        if (blocks < 1) {
            throw new IllegalArgumentException(config.target() + " is smaller than one block");
        }
    }

    DiskConfig config() {
        return config;
    }

    SimFrontend frontend() {
        return frontend;
    }

    int devid() {
        return config.devid();
    }

    boolean verifies() {
        return verifies;
    }

    boolean isMeasured() {
        return measured;
    }

    /** What a sector begins with. */
    long stamp(long sector) {
        return Images.stamp(index, sector);
    }

    /** Random by xorshift64, or one after the other round and round. */
    long nextSector() {
        if (!random) {
            next = next + 1 < blocks ? next + 1 : 0;
            return next * blockSectors;
        }
        state ^= state << 13;
        state ^= state >>> 7;
        state ^= state << 17;
        return Long.remainderUnsigned(state, blocks) * blockSectors;
    }

    @Override
    public String toString() {
        return config.vdev() + " on " + config.target();
    }
}
