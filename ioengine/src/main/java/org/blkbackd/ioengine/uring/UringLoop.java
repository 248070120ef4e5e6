// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.uring;

import java.nio.ByteBuffer;
import java.util.Arrays;
import org.blkbackd.ioengine.Errno;
import org.blkbackd.ioengine.IoLoop;
import org.blkbackd.ioengine.IoMemory;
import org.blkbackd.ioengine.IoRequest;
import org.blkbackd.ioengine.LoopCounters;
import org.blkbackd.ioengine.loop.WakeEvent;

/**
 * A worker's io_uring: starts its engines' requests, and sleeps where their completions, readable descriptors and
 * wake-ups all end the sleep.
 *
 * <p><b>No completion is lost.</b> No more requests are in flight than the completion queue has room for; {@link
 * #hasRoom} says when, and whoever is refused goes another way. So it never overflows, however many engines there are.
 *
 * <p><b>Pace.</b> Requests are submitted a few at a time, as they come: all of a pass at once would have the device and
 * the worker take turns. A request's iovecs are read when it is submitted (IORING_FEAT_SUBMIT_STABLE), so all use one
 * arena, over and over.
 */
public final class UringLoop implements IoLoop {

    /** Is told of its requests. */
    public interface Client {

        /**
         * A request has ended, in a call of the loop's owner into the loop. May not start another.
         *
         * @param slot   as in {@link UringLoop#start}
         * @param result bytes moved, or a negative errno
         */
        void completed(int slot, int result);
    }

    /** A longer scatter list is not for this loop. */
    public static final int MOST_PIECES = 1024;

    private static final int SQ_ENTRIES = 256;
    private static final int CQ_ENTRIES = 16384;
    /** Requests that one call submits; measured: fewer cost crossings, more have the device wait. */
    private static final int BATCH = 4;
    private static final int IOVEC_BYTES = 16;
    private static final int IOVECS = 4 * MOST_PIECES;
    /** Behind the iovecs: a timespec, a getevents_arg, limits of kernel threads. */
    private static final int TIMEOUT_AT = IOVECS * IOVEC_BYTES;
    private static final int ARGUMENT_AT = TIMEOUT_AT + 16;
    private static final int LIMITS_AT = ARGUMENT_AT + UringAbi.EXT_ARG_BYTES;
    private static final int BYTES = LIMITS_AT + 8;
    private static final long SECOND_NS = 1_000_000_000;
    private static final long REFUSED_NS = 1_000_000;
    /** Threads in which the kernel does what it cannot do at once; storage that hangs should not hold all of them. */
    private static final int KERNEL_THREADS = 64;
    private static final int TRIES = 3;

    private final Uring uring;
    private final IoMemory memory = IoMemory.allocate(BYTES);
    private final ByteBuffer fields = memory.buffer(0, BYTES);
    private final LoopCounters counters = new LoopCounters();
    private final WakeEvent event;
    /** The first is the eventfd. */
    private final int[] watched = new int[1 + MOST_WATCHED];
    private final boolean[] armed = new boolean[1 + MOST_WATCHED];
    private final int mostInFlight;
    private int descriptors;
    private boolean disarmed = true;
    private boolean readable;
    /** Something came since the owner announced its sleep, and the owner may have looked there before it came. */
    private boolean noticed;
    /** What the kernel knows of {@link #prepareBuffers}; empty if nothing. */
    private long buffersFrom;
    private long buffersTo;
    private boolean enabled;
    private Client[] clients = new Client[16];
    private int inFlight;
    private int iovecsUsed;

    private UringLoop(Uring uring, WakeEvent event) {
        this.event = event;
        this.uring = uring;
        mostInFlight = uring.cqEntries() - 4 * watched.length;
        watched[descriptors++] = event.fd();
        fields.putLong(ARGUMENT_AT + UringAbi.EXT_ARG_TIMESPEC, memory.address() + TIMEOUT_AT);
        fields.putInt(LIMITS_AT, KERNEL_THREADS);
    }

    /**
     * Makes one, which belongs to the first thread that sleeps in it or starts a request.
     *
     * @throws UringUnavailableException when there is no io_uring for us
     */
    public static UringLoop open() throws UringUnavailableException {
        return open(SQ_ENTRIES, CQ_ENTRIES, 0);
    }

    static UringLoop open(int sqEntries, int cqEntries, int firstFlags) throws UringUnavailableException {
        Uring uring = Uring.open(sqEntries, cqEntries, firstFlags);
        try {
            return new UringLoop(uring, new WakeEvent());
        } catch (IllegalStateException e) {
            uring.close();
            throw new UringUnavailableException(e.getMessage());
        }
    }

    private void own() {
        if (!enabled) {
            require(uring.enable(), "IORING_REGISTER_ENABLE_RINGS");
            // it may be refused; then the kernel's own limit holds
            uring.register(UringAbi.REGISTER_IOWQ_MAX_WORKERS, memory.address() + LIMITS_AT, 2);
            enabled = true;
        }
    }

    // --- requests ---------------------------------------------------------------------------------------------------

    /** Another client; returns what to call it in {@link #start}. */
    public int register(Client client) {
        int number = 0;
        while (number < clients.length && clients[number] != null) {
            number++;
        }
        if (number == clients.length) {
            clients = Arrays.copyOf(clients, 2 * number);
        }
        clients[number] = client;
        return number;
    }

    /** The client has no requests in flight, and starts no more. */
    public void unregister(int client) {
        clients[client] = null;
    }

    /** When the kernel refuses (RLIMIT_MEMLOCK), each request shows it its memory anew, which is slower and no more. */
    @Override
    public void prepareBuffers(long address, long bytes) {
        fields.putLong(0, address).putLong(8, bytes);
        if (uring.register(UringAbi.REGISTER_BUFFERS, memory.address(), 1) >= 0) {
            buffersFrom = address;
            buffersTo = address + bytes;
        }
    }

    /** Whether a request of so many pieces of memory can be started now. */
    public boolean hasRoom(int pieces) {
        own();
        if (inFlight >= mostInFlight || pieces > MOST_PIECES) {
            return false;
        }
        if (!uring.hasRoom() || iovecsUsed + pieces > IOVECS) {
            submit();
        }
        return uring.hasRoom() && iovecsUsed + pieces <= IOVECS;
    }

    /**
     * Starts a READ or a WRITE, soon or with the next {@link #submit}; there is room.
     *
     * @param slot the client's own number for it
     */
    public void start(int client, int slot, int fd, IoRequest request) {
        boolean write = request.operation() == IoRequest.Operation.WRITE;
        long userData = (client + 1L) << Integer.SIZE | slot;
        int pieces = request.pieces();
        if (pieces == 1) {
            long address = request.address(0);
            boolean fixed = address >= buffersFrom && address + request.length(0) <= buffersTo;
            int operation = fixed ? UringAbi.OP_READ_FIXED : UringAbi.OP_READ;
            uring.prepare(write ? operation + UringAbi.READ_TO_WRITE : operation, fd, request.offsetBytes(), address,
                request.length(0), 0, userData);
        } else {
            int at = iovecsUsed * IOVEC_BYTES;
            for (int i = 0; i < pieces; i++) {
                fields.putLong(at + i * IOVEC_BYTES, request.address(i));
                fields.putLong(at + i * IOVEC_BYTES + 8, request.length(i));
            }
            iovecsUsed += pieces;
            uring.prepare(write ? UringAbi.OP_READV + UringAbi.READ_TO_WRITE : UringAbi.OP_READV, fd,
                request.offsetBytes(), memory.address() + at, pieces, 0, userData);
        }
        inFlight++;
        if (uring.unsubmitted() >= BATCH) {
            submit();
        }
    }

    /** Hands to the kernel what was started. What it does not take now, for want of memory, it is given again later. */
    public void submit() {
        int tries = TRIES;
        for (int left = uring.unsubmitted(); left > 0 && tries > 0;) {
            own();
            int result = enter(left, 0, 0);
            int now = uring.unsubmitted();
            if (now == left) {
                requireHarmless(result);
                tries--;
            }
            left = now;
        }
        if (uring.unsubmitted() == 0) {
            iovecsUsed = 0;
        }
    }

    /** Tells clients what has completed; costs next to nothing when nothing has. */
    public void collect() {
        if (!uring.hasCompletion() && uring.hasHidden()) {
            requireHarmless(enter(0, 0, 0));
        }
        dispatch();
    }

    private void dispatch() {
        while (uring.hasCompletion()) {
            long userData = uring.userData();
            int result = uring.result();
            int flags = uring.flags();
            uring.advance();
            noticed = true;
            int client = (int) (userData >>> Integer.SIZE) - 1;
            if (client >= 0) {
                inFlight--;
                clients[client].completed((int) userData, result);
            } else {
                polled((int) userData, result, flags);
            }
        }
    }

    private void polled(int descriptor, int result, int flags) {
        readable |= descriptor > 0;
        if ((flags & UringAbi.CQE_F_MORE) == 0) {
            requireHarmless(result);
            armed[descriptor] = false;
            disarmed = true;
        }
    }

    private int enter(int submit, int complete, long argument) {
        counters.entered();
        return uring.enter(submit, complete, argument);
    }

    // --- sleep ------------------------------------------------------------------------------------------------------

    @Override
    public void watch(int fd) {
        if (descriptors == watched.length) {
            throw new IllegalStateException("more than " + MOST_WATCHED + " descriptors to watch");
        }
        watched[descriptors++] = fd;
        disarmed = true;
    }

    @Override
    public boolean mayBeReadable() {
        collect();
        boolean may = readable || disarmed;
        readable = false;
        return may;
    }

    @Override
    public void wake() {
        event.wake();
    }

    @Override
    public void announceSleep() {
        noticed = false;
        event.announce();
    }

    @Override
    public void stayAwake() {
        event.end();
    }

    /**
     * A signal ends it early, and so does a kernel that is short of memory. There is no sleep when something came after
     * the announcement: one client's call may have collected what is another's, or a wake-up.
     */
    @Override
    public void sleep(long timeoutNs) {
        submit();
        own();
        arm();
        submit();
        if (event.isAwaited() && !noticed && !uring.hasCompletion()) {
            counters.slept();
            long timeout = disarmed || uring.unsubmitted() > 0 ? REFUSED_NS : timeoutNs;
            requireHarmless(enter(0, 1, argument(timeout)));
        }
        if (event.end()) {
            counters.woken();
        }
        dispatch();
    }

    /**
     * A poll that goes on tells of every change to readable: of an eventfd, of every write to it, so nobody need read
     * it. The kernel ends one when it is short of something, and then it begins anew, and tells what is readable now.
     */
    private void arm() {
        if (!disarmed) {
            return;
        }
        disarmed = false;
        for (int i = 0; i < descriptors; i++) {
            if (!armed[i] && uring.hasRoom()) {
                uring.prepare(UringAbi.OP_POLL_ADD, watched[i], 0, 0, UringAbi.POLL_ADD_MULTI, UringAbi.POLLIN, i);
                armed[i] = true;
            }
            disarmed |= !armed[i];
        }
    }

    private long argument(long timeoutNs) {
        if (timeoutNs < 0) {
            return 0;
        }
        fields.putLong(TIMEOUT_AT, timeoutNs / SECOND_NS).putLong(TIMEOUT_AT + 8, timeoutNs % SECOND_NS);
        return memory.address() + ARGUMENT_AT;
    }

    @Override
    public LoopCounters counters() {
        return counters;
    }

    /** What is watched is forgotten with the ring. */
    @Override
    public void close() {
        uring.close();
        event.close();
        memory.close();
    }

    /** What the kernel answers for want of memory or time is no fault; anything else is ours. */
    private static void requireHarmless(int result) {
        switch (-result) {
            case Errno.EAGAIN, Errno.EBUSY, Errno.EINTR, Errno.ETIME, Errno.ENOMEM, Errno.ECANCELED -> { }
            default -> require(result, "io_uring_enter");
        }
    }

    private static void require(int result, String call) {
        if (result < 0) {
            throw new IllegalStateException(call + ": " + Errno.name(result));
        }
    }
}
