// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.sim;

import java.util.EnumSet;
import java.util.Set;
import org.blkbackd.blkback.blkif.Blkif;
import org.blkbackd.blkback.blkif.BlkifAbi;

/**
 * What a simulated frontend is made of.
 *
 * @param devid     its device, as {@link DiskConfig#devid}
 * @param abi       layout of its rings
 * @param protocol  what it writes into {@code protocol}; null leaves the node out
 * @param depth     requests it may have in flight on each ring, at most the ring's slots
 * @param segments  data pages of each request, which are granted for the life of the ring
 * @param ringOrder log2 of the pages of each ring it wants; it takes less where the backend offers less
 * @param queues    rings it wants; the same
 * @param quirks    where it differs from blkfront
 */
public record FrontendConfig(int devid, BlkifAbi abi, String protocol, int depth, int segments, int ringOrder,
                             int queues, Set<FrontendQuirk> quirks) {

    /** Slots of a ring of one page, in both layouts. */
    public static final int MAX_DEPTH = 32;
    /** The most pages of a ring, as a power of two (XENBUS_MAX_RING_GRANT_ORDER). */
    public static final int MAX_RING_ORDER = 4;

    private static final int MAX_QUEUES = 64;
    private static final int MAX_PAGES = Blkif.MAX_INDIRECT_PAGES * Blkif.SEGMENTS_PER_INDIRECT_PAGE;

    /** Checks the numbers. */
    public FrontendConfig {
        if (ringOrder < 0 || ringOrder > MAX_RING_ORDER || queues < 1 || queues > MAX_QUEUES) {
            throw new IllegalArgumentException("ring order " + ringOrder + ", queues " + queues);
        }
        if (depth < 1 || depth > slots(abi, ringOrder) || segments < 1 || segments > MAX_PAGES) {
            throw new IllegalArgumentException("depth " + depth + ", segments " + segments);
        }
        quirks = Set.copyOf(quirks);
    }

    /** A 64-bit guest that uses all of a ring of one page. */
    public static FrontendConfig of(int devid) {
        boolean arm = System.getProperty("os.arch").equals("aarch64");
        return onePage(devid, BlkifAbi.NATIVE, arm ? "arm-abi" : "x86_64-abi");
    }

    /** A 32-bit x86 guest. */
    public static FrontendConfig x86With32Bits(int devid) {
        return onePage(devid, BlkifAbi.X86_32, "x86_32-abi");
    }

    private static FrontendConfig onePage(int devid, BlkifAbi abi, String protocol) {
        return new FrontendConfig(devid, abi, protocol, MAX_DEPTH, Blkif.MAX_SEGMENTS, 0, 1, Set.of());
    }

    private static int slots(BlkifAbi abi, int ringOrder) {
        return abi.slots(Blkif.PAGE_SIZE << ringOrder);
    }

    /**
     * The same with fewer or smaller requests, for many frontends in one process; or, on a larger ring, more; or larger
     * ones, which go out as indirect requests.
     */
    public FrontendConfig limit(int newDepth, int newSegments) {
        return new FrontendConfig(devid, abi, protocol, newDepth, newSegments, ringOrder, queues, quirks);
    }

    /** The same that wants rings of {@code 1 << order} pages (blkfront's parameter max_ring_page_order). */
    public FrontendConfig withRingOrder(int order) {
        int fitting = Math.min(depth, slots(abi, Math.max(0, order)));
        return new FrontendConfig(devid, abi, protocol, fitting, segments, order, queues, quirks);
    }

    /** The same that wants {@code count} rings (blkfront's parameter max_queues). */
    public FrontendConfig withQueues(int count) {
        return new FrontendConfig(devid, abi, protocol, depth, segments, ringOrder, count, quirks);
    }

    /** The same with another word in {@code protocol}, or with null without the node. */
    public FrontendConfig withProtocol(String word) {
        return new FrontendConfig(devid, abi, word, depth, segments, ringOrder, queues, quirks);
    }

    /** The same with one more quirk. */
    public FrontendConfig with(FrontendQuirk quirk) {
        Set<FrontendQuirk> more = EnumSet.of(quirk);
        more.addAll(quirks);
        return new FrontendConfig(devid, abi, protocol, depth, segments, ringOrder, queues, more);
    }

    boolean has(FrontendQuirk quirk) {
        return quirks.contains(quirk);
    }
}
