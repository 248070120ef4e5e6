// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.migrate;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.blkbackd.blkback.blkif.Blkif;
import org.blkbackd.blkback.crash.BlockHistory;
import org.blkbackd.blkback.crash.Stamp;
import org.blkbackd.blkback.sim.FrontRequest;
import org.blkbackd.blkback.sim.SimFrontend;

/**
 * What a guest asks of its disk, at random, and what the answers must be; not tied to any ring. Mostly one write at a
 * time to a block, so that it is known what a read must find; now and then several. Owned by the guest's thread.
 */
final class GuestTraffic {

    static final int BLOCK_BYTES = 4096;

    private static final int SECTORS = BLOCK_BYTES / Stamp.SIZE;
    private static final int MOST_BLOCKS = 6;
    private static final int MOST_REQUESTS = 24;
    private static final int OVERLAPPING_PERCENT = 5;

    /** Something it wants, from when it is first asked for to its one answer. */
    private record Wish(long number, int operation, int first, int[] generations, List<BlockHistory.Reader> readers) {

        int count() {
            return generations.length;
        }
    }

    private final Random random;
    private final Stamp stamp;
    private final BlockHistory[] blocks;
    private final TreeMap<Long, Wish> open = new TreeMap<>();
    private final Map<FrontRequest, Wish> asked = new IdentityHashMap<>();
    private long numbers;
    private long answers;
    private long askedAgain;

    GuestTraffic(long seed, int blocks) {
        random = new Random(seed);
        stamp = new Stamp(seed);
        this.blocks = new BlockHistory[blocks];
        Arrays.setAll(this.blocks, i -> new BlockHistory());
    }

    // --- asking -----------------------------------------------------------------------------------------------------

    /** Asks for more, up to a random number of requests. */
    void ask(SimFrontend frontend) {
        int target = 1 + random.nextInt(MOST_REQUESTS);
        while (frontend.inFlight() < target) {
            FrontRequest request = frontend.claim();
            if (request == null) {
                break;
            }
            put(frontend, request, wish());
        }
        frontend.kick();
    }

    /** On a new ring: asks for everything once more that was not answered, in the order it was asked for first. */
    void askAgain(SimFrontend frontend) {
        asked.clear();
        askedAgain += open.size();
        List.copyOf(open.values()).forEach(wish -> put(frontend, frontend.claim(), wish));
        frontend.kick();
    }

    /** Asks for some blocks from {@code first}; returns how many. */
    int readBack(SimFrontend frontend, int first) {
        int count = Math.min(MOST_BLOCKS, blocks.length - first);
        put(frontend, frontend.claim(), made(Blkif.OP_READ, first, count));
        frontend.kick();
        return count;
    }

    /** Asks for one write, and does not kick. */
    void write(SimFrontend frontend, int block) {
        put(frontend, frontend.claim(), made(Blkif.OP_WRITE, block, 1));
    }

    private Wish wish() {
        int dice = random.nextInt(100);
        int count = 1 + random.nextInt(MOST_BLOCKS);
        int first = random.nextInt(blocks.length - count + 1);
        boolean busy = Arrays.stream(blocks, first, first + count).anyMatch(BlockHistory::isBusy);
        if (dice < 8) {
            return made(Blkif.OP_FLUSH_DISKCACHE, 0, 0);
        }
        return dice < 60 && (!busy || random.nextInt(100) < OVERLAPPING_PERCENT)
            ? made(Blkif.OP_WRITE, first, count) : made(Blkif.OP_READ, first, count);
    }

    private Wish made(int operation, int first, int count) {
        Wish wish = new Wish(++numbers, operation, first, new int[count], new ArrayList<>());
        for (int i = 0; i < count; i++) {
            if (operation == Blkif.OP_WRITE) {
                wish.generations()[i] = blocks[first + i].change(false);
            } else {
                wish.readers().add(blocks[first + i].reader());
            }
        }
        open.put(wish.number(), wish);
        return wish;
    }

    private void put(SimFrontend frontend, FrontRequest request, Wish wish) {
        long sector = (long) wish.first() * SECTORS;
        switch (wish.operation()) {
            case Blkif.OP_WRITE -> request.put(data(wish)).write(sector, wish.count() * SECTORS);
            case Blkif.OP_READ -> request.read(sector, wish.count() * SECTORS);
            default -> request.flush();
        }
        asked.put(request, wish);
        frontend.submit(request);
    }

    private byte[] data(Wish wish) {
        byte[] data = new byte[wish.count() * BLOCK_BYTES];
        for (int s = 0; s < wish.count() * SECTORS; s++) {
            stamp.write(data, s * Stamp.SIZE, (long) wish.first() * SECTORS + s, wish.generations()[s / SECTORS]);
        }
        return data;
    }

    // --- answers ----------------------------------------------------------------------------------------------------

    /** Looks at an answer. That it answers a request in flight is the ring's to check. */
    void answered(FrontRequest request) {
        Wish wish = asked.remove(request);
        if (wish == null || open.remove(wish.number()) == null) {
            throw new AssertionError("an answer to a request that nobody waits for");
        }
        answers++;
        if (!request.isOkay()) {
            throw new AssertionError(wish + " was answered with status " + request.status());
        }
        if (wish.operation() == Blkif.OP_READ) {
            byte[] data = new byte[wish.count() * BLOCK_BYTES];
            request.get(data);
            check(data, wish.first(), wish.readers());
        } else {
            for (int i = 0; i < wish.count(); i++) {
                blocks[wish.first() + i].answered(wish.generations()[i]);
            }
        }
    }

    private void check(byte[] data, int first, Collection<BlockHistory.Reader> readers) {
        int block = first;
        for (BlockHistory.Reader reader : readers) {
            for (int s = 0; s < SECTORS; s++) {
                long sector = (long) block * SECTORS + s;
                int found = stamp.read(data, ((block - first) * SECTORS + s) * Stamp.SIZE, sector);
                if (!reader.accepts(found)) {
                    throw new AssertionError("sector " + sector + " holds " + (found == Stamp.BAD
                        ? "what nobody wrote there" : "generation " + found) + ", and must hold " + reader);
                }
            }
            block++;
        }
    }

    /** What an image must hold when nothing is in flight. */
    void check(byte[] image) {
        check(image, 0, Arrays.stream(blocks).map(BlockHistory::reader).toList());
    }

    int blocks() {
        return blocks.length;
    }

    long answers() {
        return answers;
    }

    /** Requests that were asked for again on a new ring. */
    long askedAgain() {
        return askedAgain;
    }

    /** The number of the last one asked for. */
    long lastAsked() {
        return numbers;
    }

    /** The number of the oldest without an answer, or of the next one. */
    long oldest() {
        return open.isEmpty() ? numbers + 1 : open.firstKey();
    }

    String unanswered() {
        return open.size() + " requests without an answer, " + open.values().stream().limit(4).toList();
    }
}
