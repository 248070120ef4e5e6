// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.bench;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.blkbackd.blkback.blkif.BackRing;
import org.blkbackd.blkback.blkif.Blkif;
import org.blkbackd.blkback.blkif.BlkifAbi;
import org.blkbackd.blkback.blkif.BlkifRequest;
import org.blkbackd.blkback.blkif.SharedRing;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OperationsPerInvocation;

/** A request off the ring and its response onto it, published; one end alone, so no cache line travels. */
public class RingBench extends NanosBench {

    private static final int BATCH = 32;

    private final SharedRing shared = new SharedRing(
        ByteBuffer.allocateDirect(Blkif.PAGE_SIZE).order(ByteOrder.LITTLE_ENDIAN), BlkifAbi.NATIVE);
    private final BackRing ring = new BackRing(shared);
    private final BlkifRequest request = new BlkifRequest();

    /** One at a time, as at depth 1. */
    @Benchmark
    public boolean takeRespondPush() {
        return pass(1);
    }

    /** A full ring of one page. */
    @Benchmark
    @OperationsPerInvocation(BATCH)
    public boolean takeRespondPush32() {
        return pass(BATCH);
    }

    private boolean pass(int count) {
        shared.reqProd(ring.reqCons() + count);
        for (int waiting = ring.available(); waiting > 0; waiting--) {
            ring.consume(request);
            ring.respond(request.id(), request.operation(), Blkif.RSP_OKAY);
        }
        boolean notify = ring.push();
        return ring.finalCheck() | notify;
    }
}
