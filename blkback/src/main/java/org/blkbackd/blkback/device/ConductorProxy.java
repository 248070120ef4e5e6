// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.device;

import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.blkbackd.blkback.xenbus.VbdAddress;

/**
 * How every other thread speaks to the {@link VbdConductor}: each method enqueues, and that is all.
 *
 * <p>Looks are coalesced: however often a guest rewrites a watched node, at most one look of its device is queued.
 */
final class ConductorProxy {

    private final VbdConductor conductor;
    private final BlockingQueue<Runnable> commands;
    private final Set<Object> queuedLooks = ConcurrentHashMap.newKeySet();

    ConductorProxy(VbdConductor conductor, BlockingQueue<Runnable> commands) {
        this.conductor = conductor;
        this.commands = commands;
    }

    /** Something at or below the backend directory of a kind may have changed, nobody knows what. */
    void kindChanged(String kind) {
        once(kind, () -> conductor.onKindChanged(kind));
    }

    /** One of a device's two directories may have changed. */
    void deviceChanged(VbdAddress address) {
        once(address, () -> conductor.onDeviceChanged(address));
    }

    /** A domain, nobody knows which, has suspended or ended. */
    void domainReleased() {
        once("@releaseDomain", conductor::onDomainReleased);
    }

    /** A guest's {@code control/shutdown} may have changed. */
    void shutdownChanged(int domid) {
        once(domid, () -> conductor.onShutdownChanged(domid));
    }

    /** What is known of it is old: the connection to xenstore was lost. A look that follows is one more. */
    void shutdownUnknown(int domid) {
        queuedLooks.remove(domid);
        run(() -> conductor.onShutdownUnknown(domid));
    }

    /** Measures a disk again; {@code then} runs on the conductor's thread. */
    void resize(String device, long bytes, Consumer<DiskGrowth.Outcome> then) {
        run(() -> conductor.onResize(device, bytes, then));
    }

    /** Tries again what a device holds; {@code then} runs on the conductor's thread. */
    void retry(String device, Consumer<VbdTrouble.Retried> then) {
        run(() -> conductor.onRetry(device, then));
    }

    /** Changes a device's limits, or asks for them; {@code then} runs on the conductor's thread. */
    void limit(String device, String words, Consumer<DiskRates.Outcome> then) {
        run(() -> conductor.onLimit(device, words, then));
    }

    /** Runs {@code command} on the conductor's thread. */
    void run(Runnable command) {
        commands.add(command);
    }

    private void once(Object key, Runnable look) {
        if (queuedLooks.add(key)) {
            run(() -> {
                // Before the look: a change that comes during it is queued again.
                queuedLooks.remove(key);
                look.run();
            });
        }
    }
}
