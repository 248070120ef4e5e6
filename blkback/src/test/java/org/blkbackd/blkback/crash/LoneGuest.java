// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.crash;

import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.blkbackd.blkback.sim.FrontQueue;
import org.blkbackd.blkback.sim.FrontRequest;
import org.blkbackd.blkback.sim.SimFrontend;

/** A guest that does what the test says, on the test's thread; as suspicious as {@link CheckedGuest}. */
final class LoneGuest {

    private final SimFrontend frontend;
    private final GuestTraffic traffic;
    private final Path image;

    LoneGuest(CrashHost host, CrashHost.Shape shape, long seed) {
        image = host.image(shape.domid(), shape.blockSize());
        frontend = host.frontend(host.attach(shape.domid(), image, shape.engine()), shape);
        frontend.connect(CrashHost.PATIENCE_MS);
        traffic = new GuestTraffic(frontend, seed, shape.blockSize(), CrashHost.BLOCKS, shape.segments());
    }

    SimFrontend frontend() {
        return frontend;
    }

    FrontQueue queue() {
        return frontend.queue(0);
    }

    GuestTraffic traffic() {
        return traffic;
    }

    Path image() {
        return image;
    }

    /** Submits a write or discard of some blocks, and kicks. */
    FrontRequest change(int operation, int first, int count) {
        FrontRequest request = queue().claim();
        traffic.change(queue(), request, operation, first, count);
        queue().submit(request);
        queue().kick();
        return request;
    }

    /** Submits a read of some blocks, and kicks; what it must find is clear from now. */
    void read(int first, int count) {
        FrontRequest request = queue().claim();
        traffic.read(queue(), request, first, count);
        queue().submit(request);
        queue().kick();
    }

    /** Reads every block. */
    void readBack() {
        for (int first = 0; first < traffic.blockCount(); first += traffic.mostBlocks()) {
            read(first, Math.min(traffic.mostBlocks(), traffic.blockCount() - first));
            awaitInFlight(0);
        }
        queue().reap();
    }

    /** Waits, by its interrupts alone, until so many requests are left. */
    void awaitInFlight(int left) {
        if (!comesDownTo(left, CrashHost.PATIENCE_MS)) {
            throw new AssertionError("still " + traffic.unanswered());
        }
    }

    /** The same with a patience of its own, and no failure when nothing comes. */
    boolean comesDownTo(int left, long patienceMs) {
        long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(patienceMs);
        while (frontend.inFlight() > left) {
            if (System.nanoTime() > deadline) {
                return false;
            }
            frontend.awaitInterrupt(20);
            for (FrontRequest done = queue().reapInterrupted(); done != null; done = queue().reapInterrupted()) {
                traffic.answered(queue(), done);
            }
        }
        return true;
    }
}
