// SPDX-License-Identifier: Apache-2.0

import java.nio.ByteBuffer;
import org.blkbackd.blkback.blkif.Blkif;
import org.blkbackd.blkback.blkif.BlkifAbi;
import org.blkbackd.blkback.sim.FrontQueue;
import org.blkbackd.blkback.sim.FrontRequest;
import org.blkbackd.blkback.sim.FrontResponse;
import org.blkbackd.blkback.sim.FrontRing;
import org.blkbackd.grant.EventChannels;

/**
 * A ring that is kept full, as a driver does it that has nothing but its interrupts (xen-blkfront.c blkif_interrupt):
 * each look takes all answers, puts as many new blocks on the ring, publishes them once, sends an event if the backend
 * wants one, and asks for the next one. Strict: an answer must be OKAY, and to a request that is in flight. Allocates
 * nothing once it is made. Owned by the thread of the load.
 */
final class LoadQueue {

    private static final int INDEX_BITS = 16;
    /** Of a disk that is not measured: its guest has a processor of its own, elsewhere, and keeps nobody waiting here. */
    private static final int ANSWERS_BESIDE = 16;

    private final Workload workload;
    private final LoadDisk disk;
    private final FrontRing ring;
    private final EventChannels channels;
    private final int port;
    private final int operation;
    private final int parts;
    private final int blocks;
    private final FrontResponse response = new FrontResponse();
    /** By request: what it goes out with, and the id while it is in flight, else 0. */
    private final FrontRequest[] requests;
    private final int[][] grants;
    private final int[] segments;
    private final int[] descriptors;
    private final long[] ids;
    /** By block. */
    private final int[] unanswered;
    private final long[] sectors;
    private final long[] startedNs;
    private final int[] idle;
    private int idleCount;
    private long sequence;
    private boolean busy;

    LoadQueue(Workload workload, LoadDisk disk, FrontQueue queue, EventChannels channels) {
        this.workload = workload;
        this.disk = disk;
        this.channels = channels;
        ring = queue.ring();
        port = queue.port();
        operation = workload.write() ? Blkif.OP_WRITE : Blkif.OP_READ;
        parts = workload.parts();
        blocks = workload.depthOf(queue.index());
        requests = new FrontRequest[blocks * parts];
        grants = new int[requests.length][];
        segments = new int[requests.length];
        descriptors = new int[requests.length];
        ids = new long[requests.length];
        unanswered = new int[blocks];
        sectors = new long[blocks];
        startedNs = new long[blocks];
        idle = new int[blocks];
        for (int i = 0; i < requests.length; i++) {
            prepare(i, queue.claim());
        }
        for (int block = 0; block < blocks; block++) {
            idle[idleCount++] = block;
        }
    }

    /** What never changes: grants, and the descriptor page of an indirect request. */
    private void prepare(int index, FrontRequest request) {
        int each = workload.pagesOfRequest();
        int count = Math.min(each, workload.pages() - index % parts * each);
        requests[index] = request;
        segments[index] = count;
        grants[index] = new int[count];
        for (int i = 0; i < count; i++) {
            grants[index][i] = request.pageRef(i);
        }
        if (workload.needsDescriptor()) {
            descriptors[index] = request.pageRef(each);
            ByteBuffer page = request.page(each);
            for (int i = 0; i < count; i++) {
                page.putInt(i * BlkifAbi.SEGMENT_SIZE, grants[index][i]);
                page.put(i * BlkifAbi.SEGMENT_SIZE + 5, (byte) (Blkif.SECTORS_PER_PAGE - 1));
            }
        }
    }

    int port() {
        return port;
    }

    boolean isIdle() {
        return idleCount == blocks;
    }

    /** It is on the list of those to be looked at. */
    boolean isBusy() {
        return busy;
    }

    void busy(boolean isBusy) {
        busy = isBusy;
    }

    /** An answer is there that nobody has taken. */
    boolean hasAnswer() {
        return ring.finalCheck();
    }

    /** Takes what there is, or some of it, and fills the ring again; true when it must be looked at once more before a sleep. */
    boolean look(Meter meter, long now) {
        int most = disk.isMeasured() ? Integer.MAX_VALUE : ANSWERS_BESIDE;
        for (int taken = 0; taken < most && ring.take(response); taken++) {
            answered(meter, now);
        }
        if (idleCount > 0 && !meter.isStopped()) {
            fill(meter, System.nanoTime());
        }
        return ring.finalCheck();
    }

    private void answered(Meter meter, long now) {
        int index = (int) response.id() & (1 << INDEX_BITS) - 1;
        if (index >= ids.length || ids[index] != response.id()) {
            throw new IllegalStateException(disk + ": an answer to no request in flight, id " + response.id());
        }
        if (response.operation() != operation || response.status() != Blkif.RSP_OKAY) {
            throw new IllegalStateException(disk + ": operation " + operation + " at sector "
                + sectors[index / parts] + " was answered as " + response.operation() + " with " + response.status());
        }
        ids[index] = 0;
        meter.answered();
        int block = index / parts;
        if (--unanswered[block] == 0) {
            if (disk.isMeasured()) {
                meter.completed(now - startedNs[block]);
            }
            if (disk.verifies() && !workload.write()) {
                verify(block);
            }
            idle[idleCount++] = block;
        }
    }

    private void fill(Meter meter, long now) {
        while (idleCount > 0) {
            start(idle[--idleCount], now);
        }
        if (ring.push()) {
            meter.kicked();
            channels.notify(port);
        }
    }

    private void start(int block, long now) {
        long sector = disk.nextSector();
        sectors[block] = sector;
        startedNs[block] = now;
        unanswered[block] = parts;
        if (disk.verifies() && workload.write()) {
            stamp(block);
        }
        for (int index = block * parts; index < (block + 1) * parts; index++) {
            ids[index] = ++sequence << INDEX_BITS | index;
            put(index, sector);
            sector += (long) segments[index] * Blkif.SECTORS_PER_PAGE;
        }
    }

    private void put(int index, long sector) {
        int slot = ring.claim();
        int count = segments[index];
        // The last part of a block may be small enough for a plain request.
        if (count > Blkif.MAX_SEGMENTS) {
            ring.indirect(slot, operation, count, ids[index], sector);
            ring.indirectHandle(slot, disk.devid());
            ring.indirectGrant(slot, 0, descriptors[index]);
            return;
        }
        ring.header(slot, operation, count, ids[index], sector);
        ring.handle(slot, disk.devid());
        for (int i = 0; i < count; i++) {
            ring.segment(slot, i, grants[index][i], 0, Blkif.SECTORS_PER_PAGE - 1);
        }
    }

    // --- content ----------------------------------------------------------------------------------------------------

    /** Every sector begins with its number. */
    private void stamp(int block) {
        long sector = sectors[block];
        for (int index = block * parts; index < (block + 1) * parts; index++) {
            for (int at = 0; at < segments[index] * Blkif.SECTORS_PER_PAGE; at++) {
                page(index, at).putLong(at % Blkif.SECTORS_PER_PAGE * Blkif.SECTOR_SIZE, disk.stamp(sector++));
            }
        }
    }

    /** Also wipes what it has looked at, so that a read that moves nothing is found out. */
    private void verify(int block) {
        long sector = sectors[block];
        for (int index = block * parts; index < (block + 1) * parts; index++) {
            for (int at = 0; at < segments[index] * Blkif.SECTORS_PER_PAGE; at++) {
                int offset = at % Blkif.SECTORS_PER_PAGE * Blkif.SECTOR_SIZE;
                long found = page(index, at).getLong(offset);
                if (found != disk.stamp(sector)) {
                    throw new IllegalStateException(disk + ": sector " + sector + " holds " + Long.toHexString(found)
                        + ", not " + Long.toHexString(disk.stamp(sector)));
                }
                page(index, at).putLong(offset, 0);
                sector++;
            }
        }
    }

    private ByteBuffer page(int index, int sector) {
        return requests[index].page(sector / Blkif.SECTORS_PER_PAGE);
    }
}
