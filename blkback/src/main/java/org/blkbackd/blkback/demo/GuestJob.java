// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.demo;

import java.nio.ByteBuffer;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.function.DoubleConsumer;
import org.HdrHistogram.Histogram;
import org.blkbackd.blkback.blkif.Blkif;
import org.blkbackd.blkback.sim.FrontRequest;
import org.blkbackd.blkback.sim.SimFrontend;

/**
 * What the simulated guest does with its disk: writes in sequence, then reads, writes and flushes at random, then reads
 * in sequence, always {@code depth} requests at a time, and checks every block it reads. Owned by the guest's thread.
 */
final class GuestJob {

    private static final int WRITES_PER_FLUSH = 64;
    private static final long PATIENCE_MS = 30_000;
    /** Where the phases end, as parts of the whole time. */
    private static final double SEQUENTIAL_WRITES_UNTIL = 0.25;
    private static final double RANDOM_UNTIL = 0.75;

    private enum Phase { SEQUENTIAL_WRITE, RANDOM, SEQUENTIAL_READ }

    private final SimFrontend frontend;
    private final VerifiedBlocks blocks;
    private final Random random;
    private final byte[] data;
    private final Histogram latencies = new Histogram(3);
    private int cursor;
    /** Blocks below it were written at least once. */
    private int written;
    private int unflushed;
    private long requests;
    private long flushes;
    private long mismatches;
    private double seconds;

    GuestJob(SimFrontend frontend, VerifiedBlocks blocks, long seed) {
        this.frontend = frontend;
        this.blocks = blocks;
        random = new Random(seed);
        data = new byte[blocks.blockSize()];
    }

    /** Runs for {@code forSeconds}; {@code progress} hears from time to time which part of it is done. */
    void run(double forSeconds, DoubleConsumer progress) {
        long began = System.nanoTime();
        double done = 0;
        while (done < 1) {
            fill(done);
            if (!frontend.await(PATIENCE_MS)) {
                throw new IllegalStateException("no answer from the backend for " + PATIENCE_MS + " ms");
            }
            reapAll();
            done = (System.nanoTime() - began) / (forSeconds * 1e9);
            progress.accept(Math.min(1, done));
        }
        drain();
        lastFlush();
        seconds = (System.nanoTime() - began) / 1e9;
    }

    private void fill(double done) {
        Phase phase = done < SEQUENTIAL_WRITES_UNTIL || written == 0 ? Phase.SEQUENTIAL_WRITE
            : done < RANDOM_UNTIL ? Phase.RANDOM : Phase.SEQUENTIAL_READ;
        for (FrontRequest request = frontend.claim(); request != null; request = frontend.claim()) {
            if (!prepare(request, phase)) {
                frontend.release(request);
                break;
            }
            request.tag(System.nanoTime());
            frontend.submit(request);
        }
        frontend.kick();
    }

    /** False when every block that could be used is busy. */
    private boolean prepare(FrontRequest request, Phase phase) {
        if (unflushed >= WRITES_PER_FLUSH) {
            unflushed = 0;
            request.flush();
            return true;
        }
        boolean write = phase == Phase.SEQUENTIAL_WRITE || phase == Phase.RANDOM && random.nextBoolean();
        int block = phase == Phase.RANDOM ? random.nextInt(written) : next(phase);
        if (blocks.isBusy(block)) {
            return false;
        }
        if (write) {
            write(request, block);
        } else {
            request.read(sector(block), sectors());
        }
        blocks.busy(block, true);
        return true;
    }

    private int next(Phase phase) {
        int end = phase == Phase.SEQUENTIAL_WRITE ? blocks.blocks() : written;
        int block = cursor < end ? cursor : 0;
        if (!blocks.isBusy(block)) {
            cursor = block + 1;
        }
        return block;
    }

    private void write(FrontRequest request, int block) {
        blocks.nextVersion(block, ByteBuffer.wrap(data));
        request.put(data).write(sector(block), sectors());
        written = Math.max(written, block + 1);
        unflushed++;
    }

    private long sector(int block) {
        return (long) block * sectors();
    }

    private int sectors() {
        return blocks.blockSize() >> Blkif.SECTOR_SHIFT;
    }

    private void reapAll() {
        for (FrontRequest request = frontend.reap(); request != null; request = frontend.reap()) {
            latencies.recordValue(System.nanoTime() - request.tag());
            check(request);
            frontend.release(request);
        }
    }

    private void check(FrontRequest request) {
        if (request.operation() == Blkif.OP_FLUSH_DISKCACHE) {
            flushes++;
            mismatches += request.isOkay() ? 0 : 1;
            return;
        }
        int block = (int) (request.sector() / sectors());
        blocks.busy(block, false);
        requests++;
        boolean good = request.isOkay();
        if (good && request.operation() == Blkif.OP_READ) {
            request.get(data);
            good = blocks.matches(block, ByteBuffer.wrap(data));
        }
        mismatches += good ? 0 : 1;
    }

    private void drain() {
        while (frontend.inFlight() > 0 && frontend.await(PATIENCE_MS)) {
            reapAll();
        }
        mismatches += frontend.inFlight();
    }

    private void lastFlush() {
        FrontRequest flush = frontend.claim().flush();
        flush.tag(System.nanoTime());
        frontend.submit(flush);
        frontend.kick();
        drain();
    }

    /** What was done, with {@code later} mismatches that were found in the image itself. */
    DemoResult result(String engine, long later) {
        return new DemoResult(engine, requests, requests * blocks.blockSize(), flushes, mismatches + later, seconds,
            latencies.getValueAtPercentile(50) / (double) TimeUnit.MICROSECONDS.toNanos(1),
            latencies.getValueAtPercentile(99) / (double) TimeUnit.MICROSECONDS.toNanos(1));
    }
}
