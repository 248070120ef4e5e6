// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.sim;

import java.util.concurrent.TimeUnit;

/**
 * One ring of a {@link SimFrontend} with its event channel and requests. It outlives the ring: after a new connection
 * the same object stands for the ring that has its place. Owned by the guest's thread, as all queues of the guest.
 */
public final class FrontQueue {

    private final FrontendConnection connection;
    private final int index;

    FrontQueue(FrontendConnection connection, int index) {
        this.connection = connection;
        this.index = index;
    }

    /** Its number, from 0. */
    public int index() {
        return index;
    }

    /** The ring itself, for a guest that means harm; null when there is none. */
    public FrontRing ring() {
        GuestRing ring = current();
        return ring == null ? null : ring.front();
    }

    /** Grants of the ring's pages. */
    public int[] ringRefs() {
        return requireRing().ringRefs();
    }

    /** The guest's event-channel port. */
    public int port() {
        return requireRing().port();
    }

    /** Requests submitted and not answered. */
    public int inFlight() {
        GuestRing ring = current();
        return ring == null ? 0 : ring.inFlight();
    }

    /** A request to fill, or null when all of this ring are in use. */
    public FrontRequest claim() {
        return connected().claim();
    }

    /** Puts a filled request of this queue on the ring. The backend sees it after {@link #kick}. */
    public void submit(FrontRequest request) {
        connected().submit(request);
    }

    /** Publishes what was submitted, with an event if the backend wants one. */
    public void kick() {
        connected().kick();
    }

    /**
     * The next answered request, or null; the caller gives it back with {@link #release}. Never sleeps, but reacts to
     * the backend's state.
     *
     * @throws ProtocolViolation for a response that answers no request, or another one than it says
     */
    public FrontRequest reap() {
        connection.react();
        GuestRing ring = current();
        if (ring == null) {
            return null;
        }
        ring.drain();
        return ring.next();
    }

    /** The next request whose answer an interrupt found ({@link SimFrontend#awaitInterrupt}), or null. */
    public FrontRequest reapInterrupted() {
        GuestRing ring = current();
        return ring == null ? null : ring.next();
    }

    /** Gives a request back after its result was looked at, or unsubmitted. */
    public void release(FrontRequest request) {
        GuestRing ring = current();
        if (ring != null) {
            ring.release(request);
        }
    }

    /** Sleeps until {@link #reap} has something (true), the device is closed, or {@code timeoutMs} have passed. */
    public boolean await(long timeoutMs) {
        long deadlineNs = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(timeoutMs);
        connection.react();
        while (current() != null) {
            connection.rings().drain();
            if (current().hasNext()) {
                return true;
            }
            long leftMs = TimeUnit.NANOSECONDS.toMillis(deadlineNs - System.nanoTime());
            if (leftMs <= 0) {
                return false;
            }
            connection.rings().nap((int) Math.min(leftMs, FrontendConnection.SLICE_MS));
            connection.react();
        }
        return false;
    }

    /** Submits one request and waits for it: for tests that have one at a time. Other answers must not be due. */
    public int execute(FrontRequest request, long timeoutMs) {
        submit(request);
        kick();
        if (!await(timeoutMs)) {
            throw new FrontendException("no answer from the backend of " + connection);
        }
        FrontRequest answered = reap();
        if (answered != request) {
            throw new FrontendException("another request was answered first");
        }
        return request.status();
    }

    private GuestRing current() {
        return connection.rings().getOrNull(index);
    }

    private GuestRing requireRing() {
        GuestRing ring = current();
        if (ring == null) {
            throw new FrontendException(connection + " has no ring " + index);
        }
        return ring;
    }

    private GuestRing connected() {
        connection.requireConnected();
        return requireRing();
    }
}
