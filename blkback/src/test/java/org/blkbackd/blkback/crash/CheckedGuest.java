// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.crash;

import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.Supplier;
import org.blkbackd.blkback.sim.FrontQueue;
import org.blkbackd.blkback.sim.FrontRequest;
import org.blkbackd.blkback.sim.SimFrontend;

/**
 * A guest that uses its disk all the time, on a thread of its own, and believes nothing. It wakes only by its event
 * channels, and submits and kicks only on a queue whose event came: what a backend forgets to announce is never seen.
 */
final class CheckedGuest implements Runnable {

    private static final int SLICE_MS = 20;

    private enum Phase { RUN, PAUSE, DRAIN, READ_BACK, DONE }

    private final String name;
    private final Supplier<SimFrontend> connecting;
    private final Function<SimFrontend, GuestTraffic> makesTraffic;
    private final Thread thread;
    private SimFrontend frontend;
    private GuestTraffic traffic;
    private int readBack;
    private volatile Phase phase = Phase.RUN;
    private volatile Throwable failure;
    private volatile String unanswered = "";
    private volatile long asked;
    private volatile long oldest;
    private volatile long answers;
    private volatile long blocksRead;
    private volatile long longestSilenceNs;
    private volatile long lastAnswerAt = System.nanoTime();

    /** Both functions run on the guest's thread. */
    CheckedGuest(String name, Supplier<SimFrontend> connecting, Function<SimFrontend, GuestTraffic> traffic) {
        this.name = name;
        this.connecting = connecting;
        this.makesTraffic = traffic;
        thread = new Thread(this, name);
        thread.setDaemon(true);
    }

    void start() {
        thread.start();
    }

    // --- the guest's thread -----------------------------------------------------------------------------------------

    @Override
    public void run() {
        try {
            frontend = connecting.get();
            traffic = makesTraffic.apply(frontend);
            frontend.queues().forEach(traffic::fill);
            publish();
            while (phase != Phase.DONE) {
                if (frontend.awaitInterrupt(SLICE_MS)) {
                    takeAnswers();
                }
                if (!frontend.isConnected()) {
                    throw new AssertionError("the frontend is not connected any more");
                }
                advance();
                publish();
            }
        } catch (RuntimeException | Error e) {
            failure = e;
        }
    }

    private void takeAnswers() {
        for (FrontQueue queue : frontend.queues()) {
            boolean answered = false;
            for (FrontRequest request = queue.reapInterrupted(); request != null; request = queue.reapInterrupted()) {
                traffic.answered(queue, request);
                answered = true;
            }
            if (answered) {
                long now = System.nanoTime();
                longestSilenceNs = Math.max(longestSilenceNs, now - lastAnswerAt);
                lastAnswerAt = now;
                if (phase == Phase.RUN) {
                    traffic.fill(queue);
                }
            }
        }
    }

    /** The end: what is in flight, then all blocks, then a look at the rings without an event, for answers too many. */
    private void advance() {
        if (frontend.inFlight() > 0 || phase == Phase.RUN || phase == Phase.PAUSE) {
            return;
        }
        if (phase == Phase.DRAIN) {
            phase = Phase.READ_BACK;
        }
        FrontQueue queue = frontend.queue(readBack % frontend.queueCount());
        if (readBack < traffic.blockCount()) {
            int count = Math.min(traffic.mostBlocks(), traffic.blockCount() - readBack);
            FrontRequest request = queue.claim();
            traffic.read(queue, request, readBack, count);
            queue.submit(request);
            queue.kick();
            readBack += count;
        } else {
            frontend.queues().forEach(FrontQueue::reap);
            phase = Phase.DONE;
        }
    }

    private void publish() {
        asked = traffic.asked();
        oldest = traffic.oldest();
        answers = traffic.answers();
        blocksRead = traffic.blocksRead();
        unanswered = traffic.unanswered();
    }

    // --- the test's thread ------------------------------------------------------------------------------------------

    /** Waits until everything it has asked so far is answered, and {@code more} answers came. */
    void awaitServed(int more, long patienceMs) {
        long mark = asked;
        long enough = answers + more;
        await(() -> phase != Phase.PAUSE && oldest > mark && answers >= enough, patienceMs, "be served");
    }

    /** Waits for the first requests to be answered. */
    void awaitConnected(long patienceMs) {
        await(() -> answers > 0, patienceMs, "be connected");
    }

    /** Ends the traffic, and reads all blocks. */
    void finish(long patienceMs) {
        phase = Phase.DRAIN;
        await(() -> phase == Phase.DONE, patienceMs, "get the last answers");
        join();
    }

    /** Ends the guest's thread, wherever it is. */
    void stop() {
        phase = Phase.DONE;
        join();
    }

    private void join() {
        try {
            thread.join();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** An image as it is on the storage after {@link #finish}. */
    void check(byte[] image) {
        traffic.check(image);
    }

    private void await(BooleanSupplier condition, long patienceMs, String what) {
        long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(patienceMs);
        while (!condition.getAsBoolean()) {
            requireUnharmed();
            if (System.nanoTime() > deadline) {
                throw new AssertionError(name + " waits in vain for " + patienceMs + " ms to " + what + "; it has "
                    + unanswered);
            }
            BackendProcess.nap();
        }
        requireUnharmed();
    }

    /** Throws what it found wrong so far. */
    void requireUnharmed() {
        if (failure != null) {
            throw new AssertionError(name + ": " + failure.getMessage(), failure);
        }
    }

    long answers() {
        return answers;
    }

    long blocksRead() {
        return blocksRead;
    }

    /** The longest time between two answers since this was last asked. */
    long takeLongestSilenceNs() {
        long longest = longestSilenceNs;
        longestSilenceNs = 0;
        return longest;
    }

    SimFrontend frontend() {
        return frontend;
    }

    @Override
    public String toString() {
        return name;
    }
}
