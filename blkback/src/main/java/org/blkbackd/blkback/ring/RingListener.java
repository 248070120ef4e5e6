// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.ring;

import org.blkbackd.ioengine.IoRequest;

/**
 * What a worker tells the control path. Called on the worker's thread: note it and return. Declared here so that ring
 * looks up to nobody.
 */
public interface RingListener {

    /** The ring is mapped and bound; requests flow. */
    void attached(VbdRing ring);

    /** The ring could not be attached and holds nothing. */
    void attachFailed(VbdRing ring, String reason);

    /** The ring takes no more requests, because of what the guest wrote or of a fault of ours; it is still attached. */
    void halted(VbdRing ring, String reason);

    /** Requests flow; told again every few seconds while they do. */
    void active(VbdRing ring);

    /**
     * The disk failed a request; not every one is told, the counters have them all.
     *
     * @param operation what was asked of the disk
     * @param sector    of the request, in 512-byte units
     */
    void failed(VbdRing ring, IoRequest.Operation operation, long sector, int errno);

    /** A request failed and is kept unanswered, and perhaps others after it; told of the first. */
    void held(VbdRing ring, IoRequest.Operation operation, long sector, int errno);

    /** All that was held is answered. */
    void unheld(VbdRing ring);

    /** As it was asked to say: nothing is in flight or held, and nothing was on the ring. */
    void drained(VbdRing ring);

    /**
     * Everything is released: no mapping, no port, no I/O in flight, no engine. When the ring was stopped for a
     * successor, what was not answered is in its journal.
     *
     * @param flushErrno of the flush that ends every ring, 0 when all data is durable
     */
    void released(VbdRing ring, int flushErrno);

    /** Something in us broke that should not be able to: {@code ring} is halted. For the log, with its stack. */
    void fault(VbdRing ring, RuntimeException fault);

    /** The guest of a kept ring goes on; told once. */
    void moved(RingSentinel sentinel);

    /** The ring cannot be watched, and nothing of it is held. */
    void blind(RingSentinel sentinel, String reason);

    /** The ring is not watched any more: no mapping, no port. */
    void ended(RingSentinel sentinel);
}
