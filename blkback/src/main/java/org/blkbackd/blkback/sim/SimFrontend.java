// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.sim;

import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.blkbackd.grant.sim.SimDomain;
import org.blkbackd.xenstore.Xenstore;

/**
 * A guest's blkfront for one device (linux/drivers/block/xen-blkfront.c, with the close protocol of a device that is
 * open). Owned by one thread, the guest's, which also carries its reactions to the backend: they happen inside
 * {@link #reap} and {@link #await}, its own or those of any queue.
 *
 * <pre>
 *   connect:  claim - fill - submit ... kick      await - reap - look - release      close
 * </pre>
 *
 * <p>Its requests are those of queue 0; those of others are at {@link #queue}.
 */
public final class SimFrontend implements AutoCloseable {

    private final FrontendConnection connection;
    private final FrontQueue first;
    private FrontendConfig config;

    /**
     * A frontend whose nodes the toolstack has written.
     *
     * @param guest  a connection as the guest, which stays the caller's
     * @param domain a view of the guest that no other frontend uses meanwhile; stays the caller's
     */
    public SimFrontend(Xenstore guest, SimDomain domain, FrontendConfig config) {
        this.connection = new FrontendConnection(guest, domain, config.devid());
        this.first = new FrontQueue(connection, 0);
        this.config = config;
    }

    // --- connecting -------------------------------------------------------------------------------------------------

    /**
     * Waits for backend state 2, offers rings, and waits until the backend serves them.
     *
     * @throws FrontendException the backend is not there in time, or closes: then so does the frontend
     */
    public void connect(long timeoutMs) {
        connection.awaitInitWait(timeoutMs);
        offer();
        awaitConnected(timeoutMs);
    }

    /** The first half of {@link #connect}, without waiting for state 2: offers rings and writes state 3. */
    public void offer() {
        connection.offer(config);
    }

    /** The second half of {@link #connect}: waits for backend state 4, looks at the disk, writes state 4. */
    public void awaitConnected(long timeoutMs) {
        connection.awaitConnected(timeoutMs);
    }

    // --- what is known ----------------------------------------------------------------------------------------------

    /** Requests may be submitted. */
    public boolean isConnected() {
        return connection.isConnected();
    }

    /** Both ends are closed, or the device was removed; nothing is granted any more that the backend let go of. */
    public boolean isClosed() {
        return !connection.rings().isOpen();
    }

    /** What the backend said of the disk when it last wrote state 4. */
    public DiskInfo disk() {
        return connection.disk();
    }

    /** What the backend offered when it connected; a later state 4 does not change it. */
    public OfferedFeatures features() {
        return connection.features();
    }

    /** The size it knows, in sectors of 512 bytes. */
    public long sectors() {
        return connection.disk().sectors();
    }

    /** How often it was told a size since it connected, the same one or another. */
    public int timesTold() {
        return connection.timesTold();
    }

    /** log2 of the pages of each ring: the order it wanted, or less. */
    public int ringOrder() {
        return connection.shape().order();
    }

    /** Requests submitted on any queue and not answered. */
    public int inFlight() {
        return connection.rings().inFlight();
    }

    /** Requests that were never answered because the backend closed or went away. */
    public long lost() {
        return connection.rings().lost();
    }

    /** Rules the backend broke; each was thrown as {@link ProtocolViolation}, too. */
    public long violations() {
        return connection.rings().violations();
    }

    // --- queues -----------------------------------------------------------------------------------------------------

    /** How many it has: what it wanted, or less. */
    public int queueCount() {
        return connection.shape().queues();
    }

    /** Queue {@code index}, from 0. */
    public FrontQueue queue(int index) {
        return index == 0 ? first : new FrontQueue(connection, index);
    }

    /** All of them. */
    public List<FrontQueue> queues() {
        return IntStream.range(0, queueCount()).mapToObj(this::queue).toList();
    }

    /** {@link FrontQueue#ring} of queue 0. */
    public FrontRing ring() {
        return first.ring();
    }

    /** Grant of the first ring page of queue 0. */
    public int ringRef() {
        return first.ringRefs()[0];
    }

    /** {@link FrontQueue#port} of queue 0. */
    public int port() {
        return first.port();
    }

    /** {@link FrontQueue#claim} on queue 0. */
    public FrontRequest claim() {
        return first.claim();
    }

    /** {@link FrontQueue#submit} on queue 0. */
    public void submit(FrontRequest request) {
        first.submit(request);
    }

    /** {@link FrontQueue#kick} on queue 0. */
    public void kick() {
        first.kick();
    }

    /** {@link FrontQueue#reap} on queue 0. */
    public FrontRequest reap() {
        return first.reap();
    }

    /** {@link FrontQueue#release} on queue 0. */
    public void release(FrontRequest request) {
        first.release(request);
    }

    /** {@link FrontQueue#await} on queue 0. */
    public boolean await(long timeoutMs) {
        return first.await(timeoutMs);
    }

    /** {@link FrontQueue#execute} on queue 0. */
    public int execute(FrontRequest request, long timeoutMs) {
        return first.execute(request, timeoutMs);
    }

    /**
     * Sleeps as a driver does that has nothing but its interrupts: only an event makes it look, and only at the rings
     * whose event it is, so that a backend that forgets one leaves it asleep; {@link #await} and
     * {@link FrontQueue#reap} look at any time. What was found is at {@link FrontQueue#reapInterrupted}.
     *
     * @return whether there was an event
     */
    public boolean awaitInterrupt(int timeoutMs) {
        connection.react();
        return connection.rings().awaitInterrupt(timeoutMs);
    }

    // --- endings ----------------------------------------------------------------------------------------------------

    /** Reaps and drops answers until the backend has closed the device; false when it has not in time. */
    public boolean awaitClosed(long timeoutMs) {
        long deadlineNs = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(timeoutMs);
        dropAnswers();
        while (!isClosed() && System.nanoTime() < deadlineNs) {
            connection.rings().nap(FrontendConnection.SLICE_MS);
            dropAnswers();
        }
        return isClosed();
    }

    private void dropAnswers() {
        connection.react();
        connection.rings().dropAnswers();
        connection.react();
    }

    private void awaitIdle(long deadlineNs) {
        while (inFlight() > 0 && System.nanoTime() < deadlineNs) {
            dropAnswers();
            if (inFlight() > 0) {
                connection.rings().nap(FrontendConnection.SLICE_MS);
            }
        }
    }

    /**
     * An orderly end, as when the guest shuts down: waits for what is in flight, then 5, 6, each mirrored by the
     * backend, which must have unmapped everything by its 6.
     *
     * @throws FrontendException the backend did not follow in time
     */
    @Override
    public void close() {
        close(FrontendConnection.CLOSE_TIMEOUT_MS);
    }

    /** The same with a patience of its own for each step. */
    public void close(long timeoutMs) {
        awaitIdle(System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(timeoutMs));
        connection.close(timeoutMs);
    }

    /**
     * The driver is unbound from the device: as {@link #close}, but straight to 6 (xenbus_probe.c xenbus_dev_remove).
     * {@link #kexecReconnect} binds it again.
     */
    public void unbind(long timeoutMs) {
        awaitIdle(System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(timeoutMs));
        connection.unbind(timeoutMs);
    }

    /**
     * Connections that ended while the backend had pages of theirs mapped, and has them still, each counted once per
     * ring; what it let go of meanwhile is given back now.
     */
    public int stillMapped() {
        return connection.rings().stillMapped();
    }

    /** The guest's kernel dies: nothing is written, nothing given back, the pages stay as they are. */
    public void crash() {
        connection.crash();
    }

    /**
     * A new kernel in the same domain: after {@link #crash} it takes the backend through 5, 6 and 2, after
     * {@link #close} from 6 to 2 (xenbus_probe_frontend.c xenbus_reset_state); then it connects.
     *
     * @throws FrontendException the backend did not show exactly these states, each in time
     */
    public void kexecReconnect(long timeoutMs) {
        connection.reset(timeoutMs);
        connect(timeoutMs);
    }

    /** The same with a kernel that wants other rings than the one before. */
    public void kexecReconnect(FrontendConfig next, long timeoutMs) {
        if (next.devid() != config.devid()) {
            throw new IllegalArgumentException("another device");
        }
        config = next;
        kexecReconnect(timeoutMs);
    }
}
