// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.device;

import java.util.Map;
import java.util.function.Consumer;
import org.blkbackd.blkback.ring.RingListener;
import org.blkbackd.blkback.ring.RingSentinel;
import org.blkbackd.blkback.ring.VbdRing;
import org.blkbackd.ioengine.IoRequest;

/**
 * What workers report, taken to the vbd that owns the ring: each method enqueues, and that is all. A vbd is forgotten
 * after its last ring was released, and nothing comes from a ring after that.
 */
final class RingReports implements RingListener {

    private final Consumer<Runnable> conductor;
    private final Map<String, Vbd> vbds;

    /**
     * @param conductor runs what it is given on the conductor's thread
     * @param vbds      the conductor's, read on its thread
     */
    RingReports(Consumer<Runnable> conductor, Map<String, Vbd> vbds) {
        this.conductor = conductor;
        this.vbds = vbds;
    }

    private void tell(VbdRing ring, Consumer<Vbd> what) {
        conductor.accept(() -> what.accept(vbds.get(ring.spec().name())));
    }

    @Override
    public void attached(VbdRing ring) {
        tell(ring, vbd -> vbd.data().onAttached());
    }

    @Override
    public void attachFailed(VbdRing ring, String reason) {
        tell(ring, vbd -> vbd.data().onAttachFailed(reason));
    }

    @Override
    public void halted(VbdRing ring, String reason) {
        tell(ring, vbd -> vbd.trouble().onHalted(reason));
    }

    @Override
    public void active(VbdRing ring) {
        tell(ring, vbd -> vbd.growth().look());
    }

    @Override
    public void failed(VbdRing ring, IoRequest.Operation operation, long sector, int errno) {
        tell(ring, vbd -> vbd.trouble().onFailed(operation, sector, errno));
    }

    @Override
    public void held(VbdRing ring, IoRequest.Operation operation, long sector, int errno) {
        tell(ring, vbd -> vbd.trouble().onHeld(operation, sector, errno));
    }

    @Override
    public void unheld(VbdRing ring) {
        tell(ring, vbd -> vbd.trouble().onUnheld());
    }

    @Override
    public void released(VbdRing ring, int flushErrno) {
        tell(ring, vbd -> vbd.data().onReleased(flushErrno));
    }

    @Override
    public void fault(VbdRing ring, RuntimeException fault) {
        tell(ring, vbd -> vbd.trouble().onFault(fault));
    }

    @Override
    public void drained(VbdRing ring) {
        tell(ring, vbd -> vbd.parking().onDrained(vbd.data()));
    }

    private void tell(RingSentinel sentinel, Consumer<Vbd> what) {
        conductor.accept(() -> {
            Vbd vbd = vbds.get(sentinel.spec().name());
            // the device may be gone by the time the last of them ends
            if (vbd != null) {
                what.accept(vbd);
            }
        });
    }

    @Override
    public void moved(RingSentinel sentinel) {
        tell(sentinel, vbd -> vbd.parking().onMoved(sentinel));
    }

    @Override
    public void blind(RingSentinel sentinel, String reason) {
        tell(sentinel, vbd -> vbd.parking().onBlind(sentinel, reason));
    }

    @Override
    public void ended(RingSentinel sentinel) {
        tell(sentinel, vbd -> vbd.parking().onEnded(sentinel));
    }
}
