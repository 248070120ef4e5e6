// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.crash;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.blkbackd.blkback.blkif.Blkif;
import org.blkbackd.blkback.sim.FrontQueue;
import org.blkbackd.blkback.sim.FrontRequest;
import org.blkbackd.blkback.sim.SimFrontend;

/**
 * Requests of all kinds at random, and what their answers must be. Mostly one write at a time to a block, so that it is
 * known what a read must find; now and then several. Owned by the guest's thread.
 */
final class GuestTraffic {

    /** One request under way. */
    private record Asked(FrontQueue queue, long number, int first, int count, int[] generations,
                         List<BlockHistory.Reader> readers) {
    }

    private static final int OVERLAPPING_PERCENT = 10;
    private static final int ATTEMPTS = 8;

    private final SimFrontend frontend;
    private final Random random;
    private final Stamp stamp;
    private final int sectorsPerBlock;
    private final int mostBlocks;
    private final BlockHistory[] blocks;
    private final Map<FrontRequest, Asked> asked = new IdentityHashMap<>();
    private final TreeMap<Long, FrontRequest> byNumber = new TreeMap<>();
    private long numbers;
    private long answers;
    private long blocksRead;

    /** @param segments pages of a request at most */
    GuestTraffic(SimFrontend frontend, long seed, int blockSize, int blockCount, int segments) {
        this.frontend = frontend;
        random = new Random(seed);
        stamp = new Stamp(seed);
        sectorsPerBlock = blockSize / Stamp.SIZE;
        mostBlocks = Math.min(segments * Blkif.SECTORS_PER_PAGE / sectorsPerBlock, 24);
        blocks = new BlockHistory[blockCount];
        Arrays.setAll(blocks, i -> new BlockHistory());
    }

    // --- asking -----------------------------------------------------------------------------------------------------

    /** Submits up to a random number of requests, and kicks; at least one when the queue has none. */
    void fill(FrontQueue queue) {
        int target = 1 + random.nextInt(64);
        for (int inFlight = queue.inFlight(); inFlight < target; inFlight++) {
            FrontRequest request = queue.claim();
            if (request == null) {
                break;
            }
            choose(queue, request);
            queue.submit(request);
        }
        queue.kick();
    }

    private void choose(FrontQueue queue, FrontRequest request) {
        int dice = random.nextInt(100);
        if (dice < 5) {
            remember(queue, request.flush(), 0, 0);
        } else if (dice < 10) {
            change(queue, request, Blkif.OP_FLUSH_DISKCACHE);
        } else if (dice < 12) {
            // We do not offer them, and do them all the same.
            change(queue, request, Blkif.OP_WRITE_BARRIER);
        } else if (dice < 20 && frontend.disk().discard()) {
            change(queue, request, Blkif.OP_DISCARD);
        } else if (dice < 60) {
            change(queue, request, Blkif.OP_WRITE);
        } else {
            int count = 1 + random.nextInt(mostBlocks);
            read(queue, request, random.nextInt(blocks.length - count + 1), count);
        }
    }

    /** Reads some blocks. */
    void read(FrontQueue queue, FrontRequest request, int first, int count) {
        remember(queue, request.read(sector(first), count * sectorsPerBlock), first, count);
        List<BlockHistory.Reader> readers = asked.get(request).readers();
        for (int i = 0; i < count; i++) {
            readers.add(blocks[first + i].reader());
        }
    }

    private void change(FrontQueue queue, FrontRequest request, int operation) {
        int most = operation == Blkif.OP_WRITE || operation == Blkif.OP_DISCARD ? mostBlocks
            : Math.min(mostBlocks, Blkif.MAX_SEGMENTS * Blkif.SECTORS_PER_PAGE / sectorsPerBlock);
        int count = 1 + random.nextInt(most);
        int first = random.nextInt(blocks.length - count + 1);
        boolean overlapping = random.nextInt(100) < OVERLAPPING_PERCENT;
        for (int attempt = 0; !overlapping && isBusy(first, count); attempt++) {
            if (attempt == ATTEMPTS) {
                remember(queue, request.flush(), 0, 0);
                return;
            }
            count = 1 + count / 2;
            first = random.nextInt(blocks.length - count + 1);
        }
        change(queue, request, operation, first, count);
    }

    private boolean isBusy(int first, int count) {
        return Arrays.stream(blocks, first, first + count).anyMatch(BlockHistory::isBusy);
    }

    /** Writes or discards some blocks. */
    void change(FrontQueue queue, FrontRequest request, int operation, int first, int count) {
        int sectors = count * sectorsPerBlock;
        byte[] data = new byte[sectors * Stamp.SIZE];
        remember(queue, request, first, count);
        int[] generations = asked.get(request).generations();
        for (int i = 0; i < count; i++) {
            generations[i] = blocks[first + i].change(operation == Blkif.OP_DISCARD);
            for (int s = i * sectorsPerBlock; s < (i + 1) * sectorsPerBlock; s++) {
                stamp.write(data, s * Stamp.SIZE, sector(first) + s, generations[i]);
            }
        }
        switch (operation) {
            case Blkif.OP_DISCARD -> request.discard(sector(first), sectors);
            case Blkif.OP_FLUSH_DISKCACHE -> request.put(data).flush(sector(first), sectors);
            case Blkif.OP_WRITE_BARRIER -> request.put(data).barrier(sector(first), sectors);
            default -> request.put(data).write(sector(first), sectors);
        }
    }

    private void remember(FrontQueue queue, FrontRequest request, int first, int count) {
        Asked one = new Asked(queue, ++numbers, first, count, new int[count], new ArrayList<>());
        asked.put(request, one);
        byNumber.put(one.number(), request);
    }

    private long sector(int block) {
        return (long) block * sectorsPerBlock;
    }

    int blockCount() {
        return blocks.length;
    }

    int mostBlocks() {
        return mostBlocks;
    }

    // --- answers ----------------------------------------------------------------------------------------------------

    /** Looks at an answer and gives the request back. That it answers a request in flight is the ring's to check. */
    void answered(FrontQueue queue, FrontRequest request) {
        Asked one = asked.remove(request);
        if (one == null || one.queue().index() != queue.index()) {
            throw new AssertionError("an answer on queue " + queue.index() + " to a request of "
                + (one == null ? "nobody" : "queue " + one.queue().index()));
        }
        byNumber.remove(one.number());
        answers++;
        if (!request.isOkay()) {
            throw new AssertionError(text(request, one) + " was answered with status " + request.status());
        }
        if (request.operation() == Blkif.OP_READ) {
            byte[] data = new byte[one.count() * sectorsPerBlock * Stamp.SIZE];
            request.get(data);
            check(data, one.first(), one.readers());
        } else {
            for (int i = 0; i < one.count(); i++) {
                blocks[one.first() + i].answered(one.generations()[i]);
            }
        }
        queue.release(request);
    }

    private void check(byte[] data, int first, List<BlockHistory.Reader> readers) {
        for (int s = 0; s < data.length / Stamp.SIZE; s++) {
            int found = stamp.read(data, s * Stamp.SIZE, sector(first) + s);
            BlockHistory.Reader reader = readers.get(s / sectorsPerBlock);
            if (!reader.accepts(found)) {
                throw new AssertionError("sector " + (sector(first) + s) + " holds "
                    + (found == Stamp.BAD ? "what nobody wrote there" : "generation " + found) + ", and must hold "
                    + reader);
            }
        }
        blocksRead += readers.size();
    }

    /** What an image must hold, from its beginning, when nothing is in flight. */
    void check(byte[] image) {
        check(image, 0, Arrays.stream(blocks).map(BlockHistory::reader).toList());
    }

    /** How many blocks were read and compared. */
    long blocksRead() {
        return blocksRead;
    }

    long answers() {
        return answers;
    }

    /** The number of the last request. */
    long asked() {
        return numbers;
    }

    /** The number of the oldest request without an answer, or of the next one. */
    long oldest() {
        return byNumber.isEmpty() ? numbers + 1 : byNumber.firstKey();
    }

    /** The oldest requests without an answer. */
    String unanswered() {
        return byNumber.size() + " requests without an answer: "
            + byNumber.entrySet().stream().limit(5).map(e -> text(e.getValue(), asked.get(e.getValue()))).toList();
    }

    private static String text(FrontRequest request, Asked one) {
        return "number " + one.number() + " (operation " + request.operation() + (request.isIndirect() ? ", indirect"
            : "") + ", " + one.count() + " blocks from " + one.first() + ", queue " + one.queue().index() + ")";
    }
}
