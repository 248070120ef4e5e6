// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.service;

import org.blkbackd.ioengine.IoLoop;
import org.blkbackd.ioengine.loop.PollLoop;
import org.blkbackd.ioengine.uring.UringLoop;
import org.blkbackd.ioengine.uring.UringUnavailableException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Makes the workers' loops, and says once where they cannot be what they should be. Used by one thread. */
final class WorkerLoops {

    private static final Logger LOG = LoggerFactory.getLogger(WorkerLoops.class);

    private boolean uring;

    /** @param uring io_uring is wanted; without it, and where the kernel has none, I/O threads do its work */
    WorkerLoops(boolean uring) {
        this.uring = uring;
    }

    IoLoop open() {
        if (uring) {
            try {
                return UringLoop.open();
            } catch (UringUnavailableException e) {
                uring = false;
                LOG.warn("io_uring is not used: {}; I/O threads do its work, more slowly (io-uring = off hides this)",
                    e.getMessage());
            }
        }
        return new PollLoop();
    }
}
