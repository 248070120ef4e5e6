// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.control;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.function.UnaryOperator;

/** A daemon in memory: devices that a test adds, changes, and makes silent. */
public final class TestDevices implements ControlledDevices, DaemonControls {

    private final List<DeviceView> views = Collections.synchronizedList(new ArrayList<>());
    private final List<DeviceStats> stats = Collections.synchronizedList(new ArrayList<>());
    private final List<PeerView> peers = Collections.synchronizedList(new ArrayList<>());
    private volatile boolean silent;
    private TakeoverResult takeover = new TakeoverResult(true, 4711, List.of());
    private volatile String level = "info";

    /** A connected disk of 1 MiB. */
    public static DeviceView view(int domid, int devid) {
        String name = "vbd-" + domid + "-" + devid;
        return new DeviceView(name, domid, null, devid, VdevName.of(devid), "vbd", "direct:/srv/" + name + ".img",
            "direct", "w", 2048, 4096, "connected", "connected", 1, 1, 0, 0, null, null, "none");
    }

    /** The same, holding {@code held} requests. */
    public static DeviceView holding(DeviceView view, long held) {
        return new DeviceView(view.name(), view.domid(), view.domain(), view.devid(), view.vdev(), view.kind(),
            view.target(), view.engine(), view.mode(), view.sectors(), view.physicalSectorSize(), view.backendState(),
            view.frontendState(), view.queues(), view.ringPages(), held, held, "ENOSPC", null, "none");
    }

    /** Counts that show where they came from. */
    public static DeviceStats stats(DeviceView view, long reads) {
        OperationStats read = new OperationStats(reads, reads * 4096, Latency.ofBuckets(List.of(
            List.of(100_000L, Math.max(1, reads - 1)), List.of(2_000_000L, 1L))));
        return new DeviceStats(view.name(), view.domid(), view.vdev(), view.kind(), view.target(), reads + 1, 1, 0,
            reads / 2, reads / 5, read, OperationStats.NONE, OperationStats.NONE, OperationStats.NONE, ErrorCounts.NONE,
            null);
    }

    /** Adds a device that has read as often as {@code reads} says. */
    public TestDevices with(DeviceView view, long reads) {
        views.add(view);
        stats.add(stats(view, reads));
        return this;
    }

    /** From now on requests are never answered. */
    public void silence() {
        silent = true;
    }

    /** Replaces the counts of every device. */
    public void count(UnaryOperator<DeviceStats> change) {
        stats.replaceAll(change);
    }

    @Override
    public CompletableFuture<List<DeviceView>> devices() {
        return answer(List.copyOf(views));
    }

    @Override
    public CompletableFuture<List<DeviceStats>> stats() {
        return answer(List.copyOf(stats));
    }

    @Override
    public CompletableFuture<CrossingStats> crossings() {
        return answer(new CrossingStats(1, 1000, 100, 300, 200, 50, 250, 150, 70));
    }

    @Override
    public CompletableFuture<Long> resize(String name, OptionalLong bytes) {
        DeviceView view = views.stream().filter(one -> one.name().equals(name)).findFirst().orElseThrow();
        if (bytes.isPresent() && bytes.getAsLong() > 1L << 40) {
            return CompletableFuture.failedFuture(new ControlException(ControlError.FAILED,
                view.target() + " has only " + view.bytes() + " bytes"));
        }
        return answer(bytes.orElse(view.bytes()));
    }

    @Override
    public CompletableFuture<Integer> retry(String name) {
        DeviceView view = views.stream().filter(one -> one.name().equals(name)).findFirst().orElseThrow();
        if (!view.backendState().equals("connected")) {
            return CompletableFuture.failedFuture(new ControlException(ControlError.FAILED, name
                + " is not connected"));
        }
        return answer((int) view.held());
    }

    @Override
    public CompletableFuture<String> limit(String name, String words) {
        return words != null && words.startsWith("iops=x") ? CompletableFuture.failedFuture(
            new ControlException(ControlError.FAILED, "the limits must be others"))
            : answer(words == null ? "none" : words);
    }

    /** What a hand-over comes to. */
    public void takeover(TakeoverResult result) {
        takeover = result;
    }

    @Override
    public CompletableFuture<TakeoverResult> takeover(boolean checkOnly) {
        return checkOnly ? answer(new TakeoverResult(false, 0, takeover.reasons())) : answer(takeover);
    }

    private <T> CompletableFuture<T> answer(T value) {
        return silent ? new CompletableFuture<>() : CompletableFuture.completedFuture(value);
    }

    @Override
    public String version() {
        return "1.2.3-test";
    }

    @Override
    public String logLevel() {
        return level;
    }

    @Override
    public void logLevel(String newLevel) {
        level = newLevel;
    }

    /** Adds another host. */
    public TestDevices with(PeerView peer) {
        peers.add(peer);
        return this;
    }

    @Override
    public CompletableFuture<List<PeerView>> peers() {
        return answer(List.copyOf(peers));
    }

    @Override
    public CompletableFuture<Boolean> fence(String name, boolean off) {
        boolean known = peers.stream().anyMatch(peer -> peer.name().equals(name));
        peers.replaceAll(peer -> !peer.name().equals(name) ? peer : new PeerView(name, peer.address(), peer.images(),
            off ? "fenced" : "unheard", peer.heard(), peer.daemon(), peer.problem()));
        return answer(known);
    }

    @Override
    public CompletableFuture<List<String>> migrateCheck(String device, String peer) {
        return answer(peer.equals("hostb") ? List.of() : List.of(device + " is not shared with " + peer));
    }
}
