// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.sim;

import org.blkbackd.blkback.blkif.Blkif;
import org.blkbackd.blkback.blkif.BlkifAbi;

/**
 * What a simulated frontend is made of.
 *
 * @param devid    its device, as {@link DiskConfig#devid}
 * @param abi      layout of its ring
 * @param protocol what it writes into {@code protocol}; null leaves the node out
 * @param depth    requests it may have in flight, at most the slots of one page
 * @param segments data pages of each request, which are granted for the life of the ring
 */
public record FrontendConfig(int devid, BlkifAbi abi, String protocol, int depth, int segments) {

    /** Slots of a ring of one page, in both layouts. */
    public static final int MAX_DEPTH = 32;

    /** Checks the numbers. */
    public FrontendConfig {
        if (depth < 1 || depth > MAX_DEPTH || segments < 1 || segments > Blkif.MAX_SEGMENTS) {
            throw new IllegalArgumentException("depth " + depth + ", segments " + segments);
        }
    }

    /** A 64-bit guest that uses all of a ring of one page. */
    public static FrontendConfig of(int devid) {
        boolean arm = System.getProperty("os.arch").equals("aarch64");
        return new FrontendConfig(devid, BlkifAbi.NATIVE, arm ? "arm-abi" : "x86_64-abi", MAX_DEPTH,
            Blkif.MAX_SEGMENTS);
    }

    /** A 32-bit x86 guest. */
    public static FrontendConfig x86With32Bits(int devid) {
        return new FrontendConfig(devid, BlkifAbi.X86_32, "x86_32-abi", MAX_DEPTH, Blkif.MAX_SEGMENTS);
    }

    /** The same with fewer or smaller requests, for many frontends in one process. */
    public FrontendConfig limit(int newDepth, int newSegments) {
        return new FrontendConfig(devid, abi, protocol, newDepth, newSegments);
    }
}
