// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.power;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.blkbackd.blkback.blkif.Blkif;
import org.blkbackd.blkback.sim.FrontQueue;
import org.blkbackd.blkback.sim.FrontRequest;
import org.blkbackd.blkback.sim.SimFrontend;
import org.blkbackd.ioengine.sim.DiskLog;

/**
 * A guest that writes at random through all its queues, flushes now and then while writes are under way, and notes
 * what each acknowledged flush promised. It keeps no two writes of a sector in flight together: they have no order.
 */
final class PowerGuest {

    private static final long PATIENCE_MS = 30_000;
    private static final int MOST_SECTORS = 40;
    /** One request of so many is a flush, a flush with data, or a barrier. */
    private static final int FLUSH_IN = 12;

    private final SimFrontend frontend;
    private final DiskLog log;
    private final long seed;
    private final Random random;
    private final int[] acknowledged;
    private final BitSet busy = new BitSet();
    private final Map<FrontRequest, int[]> covers = new IdentityHashMap<>();
    private final List<Promise> promises = new ArrayList<>();
    private int generation;

    PowerGuest(SimFrontend frontend, DiskLog log, long seed) {
        this.frontend = frontend;
        this.log = log;
        this.seed = seed;
        random = new Random(seed);
        acknowledged = new int[(int) frontend.sectors()];
    }

    /** What it was promised, in the order of the acknowledgements. */
    List<Promise> promises() {
        return promises;
    }

    /** Writes it made. */
    int generations() {
        return generation;
    }

    void run(int requests) {
        for (int done = 0; done < requests;) {
            done += submitSome();
            reap();
        }
        while (frontend.inFlight() > 0) {
            reap();
        }
    }

    private int submitSome() {
        int submitted = 0;
        for (FrontQueue queue : frontend.queues()) {
            for (int i = random.nextInt(4); i > 0; i--) {
                FrontRequest request = queue.claim();
                if (request == null) {
                    break;
                }
                prepare(request);
                queue.submit(request);
                submitted++;
            }
            queue.kick();
        }
        return submitted;
    }

    private void prepare(FrontRequest request) {
        boolean flush = random.nextInt(FLUSH_IN) == 0;
        if (flush) {
            covers.put(request, acknowledged.clone());
        }
        int most = Math.min(MOST_SECTORS, request.maxSectors());
        int first = random.nextInt(acknowledged.length - most);
        int sectors = 1 + random.nextInt(most);
        int busyFrom = busy.nextSetBit(first);
        boolean free = busyFrom < 0 || busyFrom >= first + sectors;
        if (flush && (!free || random.nextBoolean())) {
            request.flush();
        } else if (!free) {
            request.read(first, sectors);
        } else {
            stamp(request, first, sectors);
            if (!flush) {
                request.write(first, sectors);
            } else if (random.nextBoolean()) {
                request.flush(first, sectors);
            } else {
                request.barrier(first, sectors);
            }
        }
    }

    private void stamp(FrontRequest request, int first, int sectors) {
        byte[] data = new byte[sectors * Stamp.BYTES];
        generation++;
        for (int i = 0; i < sectors; i++) {
            Stamp.put(data, i * Stamp.BYTES, seed, first + i, generation);
        }
        request.put(data).tag(generation);
        busy.set(first, first + sectors);
    }

    private void reap() {
        for (FrontQueue queue : frontend.queues()) {
            if (queue.inFlight() > 0 && !queue.await(PATIENCE_MS)) {
                throw new AssertionError("no answer for " + PATIENCE_MS + " ms, seed " + seed);
            }
            for (FrontRequest request = queue.reap(); request != null; request = queue.reap()) {
                answered(request);
                queue.release(request);
            }
        }
    }

    private void answered(FrontRequest request) {
        if (!request.isOkay()) {
            throw new AssertionError("operation " + request.operation() + " failed, seed " + seed);
        }
        int[] covered = covers.remove(request);
        if (request.operation() != Blkif.OP_READ && request.sectors() > 0) {
            int first = (int) request.sector();
            acknowledge(request, acknowledged);
            busy.clear(first, first + request.sectors());
            if (request.operation() == Blkif.OP_WRITE_BARRIER) {
                acknowledge(request, covered);
            }
        }
        if (covered != null) {
            promises.add(new Promise(log.now(), covered));
        }
    }

    private static void acknowledge(FrontRequest request, int[] generations) {
        for (int i = 0; i < request.sectors(); i++) {
            generations[(int) request.sector() + i] = (int) request.tag();
        }
    }
}
