// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.xenstore.client;

import static org.junit.jupiter.api.Assertions.fail;

import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.blkbackd.xenstore.WatchListener;

/** A listener that keeps what it is told. */
final class EventLog implements WatchListener {

    private final BlockingQueue<String> paths = new LinkedBlockingQueue<>();

    @Override
    public void changed(String path) {
        paths.add(path);
    }

    String next() {
        try {
            String path = paths.poll(20, TimeUnit.SECONDS);
            return path == null ? fail("no event for 20 s") : path;
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** Waits until this path is reported, over whatever else is. */
    void await(String path) {
        while (!next().equals(path)) {
            // Something else changed too.
        }
    }

    int waiting() {
        return paths.size();
    }
}
