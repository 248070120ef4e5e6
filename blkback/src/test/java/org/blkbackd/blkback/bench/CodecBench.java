// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.bench;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.blkbackd.blkback.blkif.Blkif;
import org.blkbackd.blkback.blkif.BlkifAbi;
import org.blkbackd.blkback.blkif.BlkifRequest;
import org.blkbackd.blkback.blkif.DiskLimits;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;

/** A request copied, judged, and every field of its segments read; in the layout of each kind of guest. */
public class CodecBench extends NanosBench {

    /** The word in the frontend's {@code protocol}. */
    @Param({"x86_64-abi", "x86_32-abi", "arm-abi"})
    public String protocol;

    /** One is a read of 4 KiB, eleven the largest request without descriptors. */
    @Param({"1", "11"})
    public int segments;

    private final DiskLimits limits = new DiskLimits(1 << 21, Blkif.SECTOR_SIZE, false, true);
    private final byte[] slot = new byte[BlkifAbi.MAX_SLOT_SIZE];
    private final BlkifRequest request = new BlkifRequest();
    private BlkifAbi abi;

    /** The slot as such a guest writes it. */
    @Setup
    public void fill() {
        abi = BlkifAbi.forProtocol(protocol, protocol.startsWith("x86"));
        ByteBuffer bytes = ByteBuffer.wrap(slot).order(ByteOrder.LITTLE_ENDIAN);
        bytes.put(0, (byte) Blkif.OP_READ).put(1, (byte) segments);
        bytes.putLong(abi.idOffset(), 0x0123456789ABCDEFL).putLong(abi.sectorOffset(), 2048);
        for (int i = 0; i < segments; i++) {
            bytes.putInt(abi.segmentOffset(i), 1000 + i).put(abi.segmentOffset(i) + 5, (byte) 7);
        }
        if (decode() == 0 || request.validate(limits) != Blkif.RSP_OKAY) {
            throw new IllegalStateException("not a good request");
        }
    }

    /** The sum keeps every field in use. */
    @Benchmark
    public long decode() {
        request.load(abi, slot, 0);
        long sum = request.validate(limits) + request.id() + request.sector() + request.operation();
        for (int i = 0; i < request.segments(); i++) {
            sum += request.grantRef(i) + request.firstSector(i) + request.sectors(i);
        }
        return sum;
    }
}
