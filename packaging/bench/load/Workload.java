// SPDX-License-Identifier: Apache-2.0

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.blkbackd.blkback.blkif.Blkif;
import org.blkbackd.blkback.blkif.BlkifAbi;
import org.blkbackd.blkback.sim.FrontendConfig;

/**
 * What guests do, by its name: {@code ENGINE-OPERATION-BLOCK-dDEPTH}, then {@code -xDISKS}, {@code -qQUEUES} of each
 * disk and {@code -s11}, where they are not one, one and indirect requests.
 *
 * @param engine   null, memory, buffered or direct
 * @param random   or sequential
 * @param write    or read
 * @param blockKiB bytes of one block, the unit that DEPTH counts
 * @param depth    blocks in flight on each disk
 * @param disks    all kept busy by one thread
 * @param queues   rings of each disk, which share its depth
 * @param indirect false: a request has 11 segments at most, and a larger block is several requests
 */
record Workload(String engine, boolean random, boolean write, int blockKiB, int depth, int disks, int queues,
                boolean indirect) {

    private static final Pattern NAME = Pattern.compile("(null|memory|buffered|direct)-(rand|seq)(read|write)-"
        + "([0-9]{1,4})(k|m)-d([0-9]{1,4})(?:-x([0-9]{1,3}))?(?:-q([0-9]{1,2}))?(-s11)?");
    /** Grants of one simulated guest, less some for rings. */
    private static final int MOST_PAGES = 250_000;

    static Workload parse(String name) {
        Matcher matcher = NAME.matcher(name);
        if (!matcher.matches()) {
            throw new IllegalArgumentException(name + " is no workload; such are direct-randread-4k-d32 and"
                + " buffered-seqwrite-128k-d16-x4-q2-s11: " + NAME);
        }
        int block = Integer.parseInt(matcher.group(4)) << (matcher.group(5).equals("m") ? 10 : 0);
        Workload workload = new Workload(matcher.group(1), matcher.group(2).equals("rand"),
            matcher.group(3).equals("write"), block, Integer.parseInt(matcher.group(6)), count(matcher.group(7)),
            count(matcher.group(8)), matcher.group(9) == null);
        if (!workload.fits()) {
            throw new IllegalArgumentException(name + ": more than the rings or the memory of a guest hold");
        }
        return workload;
    }

    private static int count(String digits) {
        return digits == null ? 1 : Integer.parseInt(digits);
    }

    String name() {
        return engine + "-" + operation() + "-" + (blockKiB % 1024 == 0 ? blockKiB / 1024 + "m" : blockKiB + "k") + "-d"
            + depth + (disks > 1 ? "-x" + disks : "") + (queues > 1 ? "-q" + queues : "") + (indirect ? "" : "-s11");
    }

    /** As fio calls it. */
    String operation() {
        return (random ? "rand" : "seq") + (write ? "write" : "read");
    }

    /** fio can do the same on the same file. */
    boolean hasFile() {
        return engine.equals("buffered") || engine.equals("direct");
    }

    int sectors() {
        return blockKiB * 2;
    }

    int pages() {
        return blockKiB / 4;
    }

    /** Requests of one block. */
    int parts() {
        return (pages() + pagesOfRequest() - 1) / pagesOfRequest();
    }

    int pagesOfRequest() {
        return Math.min(pages(), indirect ? Blkif.MAX_INDIRECT_SEGMENTS : Blkif.MAX_SEGMENTS);
    }

    boolean needsDescriptor() {
        return pagesOfRequest() > Blkif.MAX_SEGMENTS;
    }

    /** Blocks in flight on ring {@code queue} of each disk. */
    int depthOf(int queue) {
        return depth / queues + (queue < depth % queues ? 1 : 0);
    }

    /** log2 of the pages of each ring: the least that holds its requests. */
    int ringOrder() {
        int order = 0;
        while (BlkifAbi.NATIVE.slots(Blkif.PAGE_SIZE << order) < depthOf(0) * parts()) {
            order++;
        }
        return order;
    }

    boolean fits() {
        if (blockKiB < 4 || blockKiB % 4 != 0 || depth < queues || disks < 1 || queues < 1) {
            return false;
        }
        long pages = (long) depth * parts() * (pagesOfRequest() + (needsDescriptor() ? 1 : 0)) * disks;
        int most = BlkifAbi.NATIVE.slots(Blkif.PAGE_SIZE << FrontendConfig.MAX_RING_ORDER);
        return depthOf(0) * parts() <= most && pages <= MOST_PAGES;
    }

    @Override
    public String toString() {
        return name();
    }
}
