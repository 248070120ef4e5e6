// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.device;

import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.blkbackd.blkback.control.ControlError;
import org.blkbackd.blkback.control.ControlException;
import org.blkbackd.blkback.control.ControlledDevices;
import org.blkbackd.blkback.control.CrossingStats;
import org.blkbackd.blkback.control.DeviceStats;
import org.blkbackd.blkback.control.DeviceView;
import org.blkbackd.blkback.ring.RingWorkerProxy;
import org.blkbackd.blkback.ring.WorkerCounters;
import org.blkbackd.blkback.ring.WorkerCounters.Counter;
import org.blkbackd.xenstore.Xenstore;
import org.blkbackd.xenstore.XenstoreException;

/**
 * The conductor's devices for administrators. On the conductor's thread only what nobody else may read is read; counts
 * are added up, and guests' names looked up, on a thread of the common pool.
 */
final class ConductorDevices implements ControlledDevices {

    private final ConductorProxy proxy;
    private final Supplier<Collection<Vbd>> vbds;
    private final Supplier<Collection<RingWorkerProxy>> workers;
    private final Xenstore xenstore;

    /**
     * @param vbds    called on the conductor's thread
     * @param workers likewise
     */
    ConductorDevices(ConductorProxy proxy, Supplier<Collection<Vbd>> vbds,
        Supplier<Collection<RingWorkerProxy>> workers, Xenstore xenstore) {
        this.proxy = proxy;
        this.vbds = vbds;
        this.workers = workers;
        this.xenstore = xenstore;
    }

    @Override
    public CompletableFuture<List<DeviceView>> devices() {
        return onConductor(() -> vbds.get().stream().map(VbdReport::view).toList()).thenApplyAsync(this::named);
    }

    @Override
    public CompletableFuture<List<DeviceStats>> stats() {
        return onConductor(() -> vbds.get().stream().filter(vbd -> vbd.isConnected() || vbd.isParked())
            .map(VbdReport::new).toList())
            .thenApplyAsync(reports -> reports.stream().map(VbdReport::stats).toList());
    }

    @Override
    public CompletableFuture<CrossingStats> crossings() {
        return onConductor(() -> workers.get().stream().map(worker -> crossings(worker.counters()))
            .reduce(CrossingStats.NONE, CrossingStats::plus));
    }

    private static CrossingStats crossings(WorkerCounters counters) {
        return new CrossingStats(1, counters.get(Counter.REQUESTS), counters.get(Counter.COPIES),
            counters.loop().enters(), counters.loop().sleeps(), counters.loop().wakeups(),
            counters.get(Counter.EVENTS), counters.get(Counter.NOTIFIES), counters.get(Counter.POLLS));
    }

    @Override
    public CompletableFuture<Long> resize(String name, OptionalLong bytes) {
        CompletableFuture<Long> answer = new CompletableFuture<>();
        proxy.resize(name, bytes.orElse(0), outcome ->
            answer(answer, outcome.sectors() * DeviceView.SECTOR_BYTES, outcome.failure()));
        return answer;
    }

    @Override
    public CompletableFuture<Integer> retry(String name) {
        CompletableFuture<Integer> answer = new CompletableFuture<>();
        proxy.retry(name, retried -> answer(answer, (int) retried.requests(), retried.failure()));
        return answer;
    }

    @Override
    public CompletableFuture<String> limit(String name, String words) {
        CompletableFuture<String> answer = new CompletableFuture<>();
        proxy.limit(name, words, outcome -> answer(answer, outcome.words(), outcome.failure()));
        return answer;
    }

    private static <T> void answer(CompletableFuture<T> answer, T value, String failure) {
        if (failure == null) {
            answer.complete(value);
        } else {
            answer.completeExceptionally(new ControlException(ControlError.FAILED, failure));
        }
    }

    private <T> CompletableFuture<T> onConductor(Supplier<T> question) {
        CompletableFuture<T> answer = new CompletableFuture<>();
        proxy.run(() -> {
            try {
                answer.complete(question.get());
            } catch (RuntimeException e) {
                answer.completeExceptionally(e);
            }
        });
        return answer;
    }

    private List<DeviceView> named(List<DeviceView> views) {
        Map<Integer, String> names = new HashMap<>();
        views.forEach(view -> names.computeIfAbsent(view.domid(), this::name));
        return views.stream().map(view -> view.withDomain(names.get(view.domid()))).toList();
    }

    private String name(int domid) {
        try {
            return xenstore.readOrNull("/local/domain/" + domid + "/name");
        } catch (XenstoreException e) {
            // A name is a convenience; the device is told without it.
            return null;
        }
    }
}
