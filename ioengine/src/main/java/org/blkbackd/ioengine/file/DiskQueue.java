// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.file;

import java.util.ArrayList;
import java.util.List;

/**
 * What one disk wants done: the queues of its engines, taken in turn, and what it has running. One flush runs at a
 * time: the kernel reports a failed write-back to one fdatasync only, so of two that run together the other would pass
 * for a success. Guarded by its {@link IoPool}'s monitor.
 */
final class DiskQueue {

    private final List<FileEngine> engines = new ArrayList<>();
    private int next;
    private int requests;
    private int flushes;
    private int running;
    private boolean flushing;
    private boolean listed;

    void add(FileEngine engine) {
        engines.add(engine);
    }

    void remove(FileEngine engine) {
        engines.remove(engine);
    }

    void queued(int moreRequests, int moreFlushes) {
        requests += moreRequests;
        flushes += moreFlushes;
    }

    /** Whether {@link #take} would succeed. */
    boolean isReady() {
        return requests > 0 || flushes > 0 && !flushing;
    }

    boolean isIdle() {
        return running == 0;
    }

    /** Gives the next request to a thread; it tells {@link #finished}. */
    void take(IoPool.Assignment to) {
        boolean flush = flushes > 0 && !flushing;
        for (int i = 0; i < engines.size(); i++) {
            next = next + 1 < engines.size() ? next + 1 : 0;
            FileEngine engine = engines.get(next);
            if (engine.assign(flush, to)) {
                running++;
                if (flush) {
                    flushing = true;
                    flushes--;
                } else {
                    requests--;
                }
                return;
            }
        }
        throw new IllegalStateException("a queue is counted wrong");
    }

    void finished(boolean flush) {
        running--;
        if (flush) {
            flushing = false;
        }
    }

    /** Whether the pool has it in its list. */
    boolean isListed() {
        return listed;
    }

    void setListed(boolean inList) {
        listed = inList;
    }
}
