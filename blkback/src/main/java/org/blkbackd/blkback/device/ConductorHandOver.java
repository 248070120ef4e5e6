// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.device;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/** The conductor's side of a hand-over: its {@link HandOver} for other threads. */
final class ConductorHandOver implements HandOver {

    /** How long a device may take to become idle or served, before it is a blocker; in milliseconds. */
    private static final long SETTLING_MS = 5_000;
    private static final long POLL_MS = 10;

    private final VbdConductor conductor;
    private final ConductorProxy proxy;

    ConductorHandOver(VbdConductor conductor, ConductorProxy proxy) {
        this.conductor = conductor;
        this.proxy = proxy;
    }

    @Override
    public CompletableFuture<List<Candidate>> suspend() {
        CompletableFuture<List<Candidate>> answer = new CompletableFuture<>();
        long deadline = System.nanoTime() + SETTLING_MS * 1_000_000;
        proxy.run(() -> {
            conductor.suspend(true);
            survey(answer, deadline);
        });
        return answer;
    }

    /** Polls: a device that is being opened or released ends that in some command or other. */
    private void survey(CompletableFuture<List<Candidate>> answer, long deadline) {
        boolean settled = conductor.vbds().stream()
            .allMatch(vbd -> vbd.isIdle() || vbd.isConnected() || vbd.isParked());
        if (!settled && System.nanoTime() < deadline) {
            CompletableFuture.delayedExecutor(POLL_MS, TimeUnit.MILLISECONDS)
                .execute(() -> proxy.run(() -> survey(answer, deadline)));
            return;
        }
        List<Candidate> candidates = new ArrayList<>();
        for (Vbd vbd : conductor.vbds()) {
            if (vbd.isConnected()) {
                candidates.add(new Candidate(vbd.address().toString(), vbd.data().config().target().disk(),
                    vbd.data().config().readOnly(), vbd.data().isJournaled() ? null
                    : "it has no journal, so what is in flight cannot change hands"));
            } else if (!vbd.isIdle()) {
                candidates.add(new Candidate(vbd.address().toString(), "", false, vbd.isParked()
                    ? "it is parked while its guest is suspended; try again when that has gone or goes on"
                    : "it is just being connected or released; try again"));
            }
        }
        answer.complete(candidates);
    }

    @Override
    public void unsuspend() {
        proxy.run(() -> conductor.suspend(false));
    }

    @Override
    public CompletableFuture<Void> release(String device) {
        return ask(device, Vbd::handOver);
    }

    @Override
    public CompletableFuture<Void> resume(String device) {
        return ask(device, Vbd::takeUp);
    }

    private CompletableFuture<Void> ask(String device, BiConsumer<Vbd, Consumer<String>> what) {
        CompletableFuture<Void> answer = new CompletableFuture<>();
        proxy.run(() -> {
            try {
                Vbd vbd = conductor.vbd(device);
                if (vbd == null) {
                    throw new HandOverException("there is no device " + device);
                }
                what.accept(vbd, failure -> {
                    if (failure == null) {
                        answer.complete(null);
                    } else {
                        answer.completeExceptionally(new HandOverException(failure));
                    }
                });
            } catch (RuntimeException e) {
                answer.completeExceptionally(e);
            }
        });
        return answer;
    }
}
