// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.sim;

import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.blkbackd.ioengine.DiskException;
import org.blkbackd.ioengine.IoRequest;
import org.blkbackd.ioengine.IoRequest.Operation;
import org.blkbackd.ioengine.Measured;

/**
 * What is to go wrong on a {@link FaultyDisk}; changed while it runs, from any thread. A request that is made to fail
 * does not reach the disk below; one whose completion is held has been done there.
 */
public final class DiskFaults {

    private final List<Rule> rules = new ArrayList<>();
    private final List<Held> held = new ArrayList<>();
    private final Map<Operation, Long> counts = new EnumMap<>(Operation.class);
    private Predicate<IoRequest> holding = request -> false;
    private Supplier<DiskException> measureFault;
    private long storageLimit = Long.MAX_VALUE;

    private static final class Rule {
        private final Predicate<IoRequest> matches;
        private final int errno;
        private int skip;
        private int times;

        Rule(Predicate<IoRequest> matches, int errno, int skip, int times) {
            this.matches = matches;
            this.errno = errno;
            this.skip = skip;
            this.times = times;
        }
    }

    private record Held(FaultyEngine engine, IoRequest request) {
    }

    DiskFaults() {
    }

    /** Fails the next request of a kind. */
    public void failNext(Operation operation, int errno) {
        failNth(operation, 1, errno);
    }

    /** Fails the n-th request of a kind from now on, 1 being the next. */
    public void failNth(Operation operation, int n, int errno) {
        add(new Rule(request -> request.operation() == operation, errno, n - 1, 1));
    }

    /** Fails all requests of a kind. */
    public void fail(Operation operation, int errno) {
        fail(request -> request.operation() == operation, errno);
    }

    /** Fails requests of a kind that touch any byte of {@code [fromBytes, toBytes)}. */
    public void failRange(Operation operation, long fromBytes, long toBytes, int errno) {
        fail(request -> request.operation() == operation && request.offsetBytes() < toBytes
            && fromBytes < request.offsetBytes() + request.lengthBytes(), errno);
    }

    /** Fails all requests of which the predicate says so. It is asked on the engine's thread. */
    public void fail(Predicate<IoRequest> matches, int errno) {
        add(new Rule(matches, errno, 0, Integer.MAX_VALUE));
    }

    /** Makes measuring and growing throw. */
    public synchronized void failMeasuring(DiskException.Kind kind, String message) {
        measureFault = () -> new DiskException(kind, message);
    }

    /** Makes measuring find storage of that size at most; only what it says, reads do not fail. */
    public synchronized void shrinkStorage(long storageBytes) {
        storageLimit = storageBytes;
    }

    /** Forgets what was to fail. */
    public synchronized void heal() {
        rules.clear();
        measureFault = null;
        storageLimit = Long.MAX_VALUE;
    }

    /** Holds every completion from now on. */
    public void hold() {
        hold(request -> true);
    }

    /** Holds completions of which the predicate says so, in place of what was said before. */
    public synchronized void hold(Predicate<IoRequest> matches) {
        holding = matches;
    }

    /** Completions held. One counts as soon as its engine's owner looked for completions. */
    public synchronized int held() {
        return held.size();
    }

    /** Releases the n-th held completion, 0 being the oldest, and goes on holding. */
    public void release(int n) {
        Held one;
        synchronized (this) {
            one = held.remove(n);
        }
        one.engine.release(one.request);
    }

    /** Releases everything in the order it came, and holds no more. */
    public void release() {
        releaseAll(drain());
    }

    /** Releases everything in the reverse order, and holds no more. */
    public void releaseReversed() {
        List<Held> all = drain();
        Collections.reverse(all);
        releaseAll(all);
    }

    /** Releases everything in an order drawn from a seed, and holds no more. */
    public void releaseShuffled(long seed) {
        List<Held> all = drain();
        Collections.shuffle(all, new Random(seed));
        releaseAll(all);
    }

    /** Requests of a kind that were submitted so far, whatever became of them. */
    public synchronized long count(Operation operation) {
        return counts.getOrDefault(operation, 0L);
    }

    /** The errno to fail a request with, or 0. */
    synchronized int decide(IoRequest request) {
        counts.merge(request.operation(), 1L, Long::sum);
        int errno = 0;
        for (Iterator<Rule> all = rules.iterator(); all.hasNext();) {
            Rule rule = all.next();
            if (rule.matches.test(request) && rule.skip-- <= 0) {
                rule.skip = 0;
                errno = errno == 0 ? rule.errno : errno;
                if (rule.times != Integer.MAX_VALUE && --rule.times == 0) {
                    all.remove();
                }
            }
        }
        return errno;
    }

    /** What measuring the disk below says, or what it is to say instead. Not under the monitor: it may take long. */
    Measured measured(Supplier<Measured> disk) {
        synchronized (this) {
            if (measureFault != null) {
                throw measureFault.get();
            }
        }
        Measured measured = disk.get();
        synchronized (this) {
            return new Measured(measured.info(), Math.min(storageLimit, measured.storageBytes()));
        }
    }

    /** Takes a completion if it is to be held. */
    synchronized boolean holds(FaultyEngine engine, IoRequest request) {
        return holding.test(request) && held.add(new Held(engine, request));
    }

    private synchronized void add(Rule rule) {
        rules.add(rule);
    }

    private synchronized List<Held> drain() {
        List<Held> all = new ArrayList<>(held);
        held.clear();
        holding = request -> false;
        return all;
    }

    private static void releaseAll(List<Held> all) {
        all.forEach(one -> one.engine.release(one.request));
    }
}
