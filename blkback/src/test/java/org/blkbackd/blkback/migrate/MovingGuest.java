// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.migrate;

import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.blkbackd.blkback.sim.DiskConfig;
import org.blkbackd.blkback.sim.FrontRequest;
import org.blkbackd.blkback.sim.FrontendConfig;
import org.blkbackd.blkback.sim.SimFrontend;

/**
 * A guest that uses its disk all the time, on a thread of its own, and takes its memory with it when it is moved: what
 * it wrote, what it was told, and what it waits for. As blkfront (xen-blkfront.c blkfront_resume, blkif_recover) it
 * offers a new ring at once where it wakes up elsewhere, and asks again for all that it has no answer to; where a
 * suspend was cancelled it goes on with the ring it has.
 */
final class MovingGuest {

    private static final int SLICE_MS = 5;
    private static final long NAP_MS = 2;

    private enum Phase { RUN, SUSPENDED, DRAIN, READ_BACK, DONE }

    /** Where it is. */
    private record Place(SimHost host, DiskConfig disk, SimFrontend frontend) {
    }

    private final GuestTraffic traffic;
    private final FrontendConfig config;
    private final Thread thread;
    private volatile Place place;
    /** Where it was before, if that is not to be forgotten. */
    private volatile SimFrontend ghost;
    private volatile boolean leavesGhost;
    private int readBack;
    private volatile Place next;
    private volatile boolean connected;
    private volatile boolean halted;
    private volatile Phase phase = Phase.RUN;
    private volatile Throwable failure;
    private volatile long answers;
    private volatile long lastAsked;
    private volatile long oldest;

    /** A guest that is not yet anywhere. */
    MovingGuest(String name, FrontendConfig config, long seed, int blocks) {
        this.config = config;
        traffic = new GuestTraffic(seed, blocks);
        thread = new Thread(this::run, name);
        thread.setDaemon(true);
    }

    // --- the guest's thread -----------------------------------------------------------------------------------------

    private void run() {
        try {
            while (phase != Phase.DONE) {
                if (phase == Phase.SUSPENDED) {
                    halted = true;
                    nap();
                } else {
                    step();
                }
            }
        } catch (RuntimeException | Error e) {
            failure = e;
        }
    }

    private void step() {
        if (next != null) {
            arrive();
        } else if (!connected) {
            connect();
        } else {
            use();
        }
    }

    /** Its memory is on another host: the old ring is nobody's, and a new one is offered at once. */
    private void arrive() {
        if (place != null && leavesGhost) {
            ghost = place.frontend();
        } else if (place != null) {
            place.frontend().crash();
        }
        place = next;
        connected = false;
        place.frontend().offer();
        next = null;
    }

    private void connect() {
        String state = place.host().backendState(place.disk());
        if (state == null || state.equals("5") || state.equals("6")) {
            throw new AssertionError("the backend on " + place.host() + " is at state " + state + " and not at 4: "
                + place.host().error(place.disk()));
        }
        if (!state.equals("4")) {
            nap();
            return;
        }
        place.frontend().awaitConnected(SimHost.PATIENCE_MS);
        traffic.askAgain(place.frontend());
        connected = true;
    }

    private void use() {
        if (phase == Phase.RUN) {
            traffic.ask(place.frontend());
        } else {
            finishing();
        }
        place.frontend().await(SLICE_MS);
        if (!place.frontend().isConnected()) {
            throw new AssertionError("the disk on " + place.host() + " was closed under the guest");
        }
        // suspended between any two answers
        for (FrontRequest done = reap(); done != null; done = reap()) {
            traffic.answered(done);
            place.frontend().release(done);
        }
        answers = traffic.answers();
        lastAsked = traffic.lastAsked();
        oldest = traffic.oldest();
    }

    private FrontRequest reap() {
        return phase == Phase.SUSPENDED ? null : place.frontend().reap();
    }

    private void finishing() {
        if (place.frontend().inFlight() > 0) {
            return;
        }
        if (phase == Phase.DRAIN) {
            phase = Phase.READ_BACK;
        }
        if (readBack < traffic.blocks()) {
            readBack += traffic.readBack(place.frontend(), readBack);
        } else {
            phase = Phase.DONE;
        }
    }

    private static void nap() {
        try {
            Thread.sleep(NAP_MS);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    // --- the test's thread ------------------------------------------------------------------------------------------

    /** Boots it on a host with a disk that is attached there. */
    void boot(SimHost host, DiskConfig disk) {
        next = new Place(host, disk, host.frontend(disk, config));
        thread.start();
    }

    /** It touches nothing from now on, whatever it has under way. */
    void suspend() {
        halted = false;
        phase = Phase.SUSPENDED;
        await(() -> halted, "suspend");
    }

    /** The suspend was cancelled: it goes on where it is. */
    void goOn() {
        phase = Phase.RUN;
    }

    /** It wakes up elsewhere. */
    void wakeUp(SimHost host, DiskConfig disk) {
        wakeUp(host, disk, false);
    }

    /** It wakes up elsewhere, and its old self may, too: {@link #ghost}. */
    void wakeUp(SimHost host, DiskConfig disk, boolean twice) {
        leavesGhost = twice;
        next = new Place(host, disk, host.frontend(disk, config));
        phase = Phase.RUN;
    }

    /** Waits until everything it has asked so far is answered where it is now, and some more. */
    void awaitServed(int more) {
        await(() -> next == null && connected, "connect");
        long mark = lastAsked;
        long enough = answers + more;
        await(() -> oldest > mark && answers >= enough, "be served");
    }

    /** Whether it is connected where it woke up. */
    boolean isConnected() {
        requireUnharmed();
        return next == null && connected;
    }

    /** Ends the traffic and reads all blocks. */
    void finish() {
        phase = Phase.DRAIN;
        await(() -> phase == Phase.DONE, "get the last answers");
        join();
        if (place.frontend().violations() != 0) {
            throw new AssertionError("a rule of the protocol was broken");
        }
    }

    /** Ends its thread, wherever it is. */
    void stop() {
        phase = Phase.DONE;
        join();
    }

    private void join() {
        try {
            thread.join(SimHost.PATIENCE_MS);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private void await(BooleanSupplier condition, String what) {
        long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(SimHost.PATIENCE_MS);
        while (!condition.getAsBoolean()) {
            requireUnharmed();
            if (System.nanoTime() > deadline) {
                throw new AssertionError("the guest waits in vain to " + what + " on " + place.host() + ": "
                    + traffic.unanswered() + "; the backend says " + place.host().error(place.disk())
                    + " at state " + place.host().backendState(place.disk()));
            }
            nap();
        }
        requireUnharmed();
    }

    private void requireUnharmed() {
        if (failure != null) {
            throw new AssertionError("the guest: " + failure.getMessage(), failure);
        }
    }

    /** What the image must hold after {@link #finish}. */
    void check(byte[] image) {
        traffic.check(image);
    }

    long answers() {
        return answers;
    }

    GuestTraffic traffic() {
        return traffic;
    }

    /** The ring of its old self, which a test moves; null when there is none yet. */
    SimFrontend ghost() {
        return ghost;
    }
}
