// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.control.server;

import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import org.blkbackd.blkback.control.ControlCodec;
import org.blkbackd.blkback.control.ControlError;
import org.blkbackd.blkback.control.ControlException;
import org.blkbackd.blkback.control.ControlReply;
import org.blkbackd.blkback.control.ControlRequest;
import org.blkbackd.blkback.control.ControlledDevices;
import org.blkbackd.blkback.control.CrossingStats;
import org.blkbackd.blkback.control.DaemonControls;
import org.blkbackd.blkback.control.DeviceNames;
import org.blkbackd.blkback.control.DeviceStats;
import org.blkbackd.blkback.control.DeviceView;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Carries out requests. Thread-safe; never blocks, and every answer comes in bounded time. */
final class ControlCommands {

    private static final Logger LOG = LoggerFactory.getLogger(ControlCommands.class);
    private static final int SECTOR_BYTES = DeviceView.SECTOR_BYTES;

    private final ControlledDevices devices;
    private final DaemonControls daemon;
    private final ControlLimits limits;
    private final Executor executor;

    /** @param executor does everything but the devices' own part */
    ControlCommands(ControlledDevices devices, DaemonControls daemon, ControlLimits limits, Executor executor) {
        this.devices = devices;
        this.daemon = daemon;
        this.limits = limits;
        this.executor = executor;
    }

    /** The reply to a line; never completes exceptionally. */
    CompletableFuture<ControlReply> answer(String line) {
        try {
            return dispatch(ControlCodec.request(line)).exceptionally(ControlCommands::failed);
        } catch (ControlException | RuntimeException e) {
            return CompletableFuture.completedFuture(failed(e));
        }
    }

    private CompletableFuture<ControlReply> dispatch(ControlRequest request) throws ControlException {
        if (request.version() != ControlCodec.VERSION) {
            throw new ControlException(ControlError.VERSION, "the daemon speaks version " + ControlCodec.VERSION
                + " of the format, not " + request.version() + "; use the blkbackctl of its package");
        }
        if (request.command() == null) {
            throw new ControlException(ControlError.BAD_REQUEST, "no command");
        }
        return switch (request.command()) {
            case ControlRequest.LIST -> views().thenApply(ControlReply::devices);
            case ControlRequest.SHOW -> find(named(request)).thenApply(view -> ControlReply.devices(List.of(view)));
            case ControlRequest.STATS -> stats(request.device());
            case ControlRequest.RESIZE -> resize(request);
            case ControlRequest.LIMIT -> limit(named(request), request.limits()).thenApply(ControlReply::lines);
            case ControlRequest.RETRY -> retry(request.device()).thenApply(ControlReply::retried);
            case ControlRequest.LOG_LEVEL -> CompletableFuture.completedFuture(logLevel(request.level()));
            case ControlRequest.VERSION -> CompletableFuture.completedFuture(ControlReply.daemon(daemon.version(),
                ProcessHandle.current().pid()));
            case ControlRequest.TAKEOVER -> takeover();
            case ControlRequest.TAKEOVER_CHECK -> within(limits.takeover(), daemon.takeover(true))
                .thenApply(result -> ControlReply.lines(result.reasons()));
            case ControlRequest.PEERS -> peers();
            case ControlRequest.FENCE -> fence(peer(request), true);
            case ControlRequest.UNFENCE -> fence(peer(request), false);
            case ControlRequest.MIGRATE_CHECK -> migrateCheck(named(request), peer(request));
            default -> throw new ControlException(ControlError.BAD_REQUEST, "the daemon knows no such command");
        };
    }

    private static String named(ControlRequest request) throws ControlException {
        if (request.device() == null) {
            throw new ControlException(ControlError.BAD_REQUEST, request.command() + " needs a device");
        }
        return request.device();
    }

    private static String peer(ControlRequest request) throws ControlException {
        if (request.peer() == null) {
            throw new ControlException(ControlError.BAD_REQUEST, request.command() + " needs a peer");
        }
        return request.peer();
    }

    private CompletableFuture<List<DeviceView>> views() {
        return within(limits.answer(), devices.devices());
    }

    private CompletableFuture<DeviceView> find(String word) {
        return views().thenApply(all -> {
            try {
                return DeviceNames.find(all, word);
            } catch (ControlException e) {
                throw new CompletionException(e);
            }
        });
    }

    private CompletableFuture<ControlReply> stats(String word) {
        CompletableFuture<List<DeviceStats>> all = within(limits.answer(), devices.stats());
        if (word == null) {
            return all.thenCombine(within(limits.answer(), devices.crossings()), ControlCommands::stats);
        }
        return find(word).thenCombine(all, (view, stats) ->
            stats(stats.stream().filter(one -> one.name().equals(view.name())).toList(), null));
    }

    private static ControlReply stats(List<DeviceStats> stats, CrossingStats crossings) {
        return ControlReply.stats(stats, crossings, System.nanoTime());
    }

    private CompletableFuture<ControlReply> resize(ControlRequest request) throws ControlException {
        Long bytes = request.bytes();
        if (bytes != null && (bytes <= 0 || bytes % SECTOR_BYTES != 0)) {
            throw new ControlException(ControlError.BAD_REQUEST, "the size must be a multiple of " + SECTOR_BYTES
                + " bytes, and more than none");
        }
        OptionalLong wanted = bytes == null ? OptionalLong.empty() : OptionalLong.of(bytes);
        return find(named(request)).thenCompose(view -> {
            LOG.info("{}: resize to {} asked for", view.name(), bytes == null ? "the size of the image" : bytes);
            return within(limits.resize(), devices.resize(view.name(), wanted));
        }).thenApply(ControlReply::resized);
    }

    private CompletableFuture<List<String>> limit(String word, String wanted) {
        return find(word).thenCompose(view -> within(limits.answer(), devices.limit(view.name(), wanted)))
            .thenApply(List::of);
    }

    private CompletableFuture<Integer> retry(String word) {
        if (word != null) {
            return find(word).thenCompose(this::retry);
        }
        return views().thenCompose(all -> all.stream().filter(view -> view.held() > 0).map(this::retry)
            .reduce(CompletableFuture.completedFuture(0), (some, more) -> some.thenCombine(more, Integer::sum)));
    }

    private CompletableFuture<Integer> retry(DeviceView view) {
        LOG.info("{}: retry asked for", view.name());
        return within(limits.answer(), devices.retry(view.name()));
    }

    private ControlReply logLevel(String level) throws ControlException {
        if (level != null && !DaemonControls.LOG_LEVELS.contains(level)) {
            throw new ControlException(ControlError.BAD_REQUEST, "the level must be one of "
                + String.join(", ", DaemonControls.LOG_LEVELS));
        }
        if (level != null) {
            daemon.logLevel(level);
        }
        return ControlReply.level(daemon.logLevel());
    }

    private CompletableFuture<ControlReply> takeover() {
        return within(limits.takeover(), daemon.takeover(false)).thenApply(result -> {
            if (result.handedOver()) {
                return ControlReply.handedOver(result.pid());
            }
            return ControlReply.failed(ControlError.FAILED, String.join("; ", result.reasons()));
        });
    }

    private CompletableFuture<ControlReply> peers() {
        return within(limits.answer(), daemon.peers()).thenApply(ControlReply::peers);
    }

    private CompletableFuture<ControlReply> fence(String peer, boolean off) {
        return within(limits.answer(), daemon.fence(peer, off)).thenCompose(known -> known ? peers()
            : CompletableFuture.failedFuture(new ControlException(ControlError.FAILED, "there is no peer " + peer)));
    }

    private CompletableFuture<ControlReply> migrateCheck(String device, String peer) {
        return find(device).thenCompose(view -> within(limits.resize(), daemon.migrateCheck(view.name(), peer)))
            .thenApply(ControlReply::lines);
    }

    private <T> CompletableFuture<T> within(Duration patience, CompletableFuture<T> answer) {
        return answer.orTimeout(patience.toMillis(), TimeUnit.MILLISECONDS)
            .thenApplyAsync(Function.identity(), executor);
    }

    private static ControlReply failed(Throwable thrown) {
        Throwable cause = thrown;
        while (cause instanceof CompletionException && cause.getCause() != null) {
            cause = cause.getCause();
        }
        if (cause instanceof ControlException refusal) {
            return ControlReply.failed(refusal.error(), refusal.getMessage());
        }
        if (cause instanceof TimeoutException) {
            return ControlReply.failed(ControlError.BUSY, "the daemon is busy and has not answered in time; try again");
        }
        LOG.error("a fault of blkbackd itself, in the control socket; disks go on", cause);
        return ControlReply.failed(ControlError.FAILED, cause.toString());
    }
}
