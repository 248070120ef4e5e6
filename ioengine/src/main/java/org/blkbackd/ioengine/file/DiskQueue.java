// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.file;

import java.util.ArrayList;
import java.util.List;

/**
 * What one disk wants done: the queues of its engines, taken in turn, and what it has running. Guarded by its {@link
 * IoPool}'s monitor.
 */
final class DiskQueue {

    /** Reads and writes that go before the next piece of a discard, if there are as many. */
    private static final int DATA_BEFORE_DISCARD = 8;

    private final List<FileEngine> engines = new ArrayList<>();
    private final int[] waiting = new int[Lane.COUNT];
    private final int[] running = new int[Lane.COUNT];
    private int next;
    private int dataSinceDiscard;
    private boolean listed;

    void add(FileEngine engine) {
        engines.add(engine);
    }

    void remove(FileEngine engine) {
        engines.remove(engine);
    }

    void queued(Lane lane) {
        waiting[lane.ordinal()]++;
    }

    /** Whether {@link #take} would succeed. */
    boolean isReady() {
        return waiting[Lane.DATA.ordinal()] > 0 || isReady(Lane.FLUSH) || isReady(Lane.DISCARD);
    }

    boolean isIdle() {
        return running[0] + running[1] + running[2] == 0;
    }

    /** Gives the next request to a thread; it tells {@link #finished}. */
    void take(IoPool.Assignment to) {
        Lane lane = choose();
        for (int i = 0; i < engines.size(); i++) {
            next = next + 1 < engines.size() ? next + 1 : 0;
            FileEngine engine = engines.get(next);
            if (engine.assign(lane, to)) {
                waiting[lane.ordinal()]--;
                running[lane.ordinal()]++;
                dataSinceDiscard = lane == Lane.DISCARD ? 0 : dataSinceDiscard + 1;
                return;
            }
        }
        throw new IllegalStateException("a queue is counted wrong");
    }

    void finished(Lane lane) {
        running[lane.ordinal()]--;
    }

    /** Whether the pool has it in its list. */
    boolean isListed() {
        return listed;
    }

    void setListed(boolean inList) {
        listed = inList;
    }

    private Lane choose() {
        if (isReady(Lane.FLUSH)) {
            return Lane.FLUSH;
        }
        boolean data = waiting[Lane.DATA.ordinal()] > 0;
        return isReady(Lane.DISCARD) && (!data || dataSinceDiscard >= DATA_BEFORE_DISCARD) ? Lane.DISCARD : Lane.DATA;
    }

    /** For a lane of which one request runs at a time. */
    private boolean isReady(Lane lane) {
        return waiting[lane.ordinal()] > 0 && running[lane.ordinal()] == 0;
    }
}
