// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.migrate;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.blkbackd.blkback.device.Claim;
import org.blkbackd.blkback.device.ClaimResult;
import org.blkbackd.blkback.device.Claims;
import org.blkbackd.blkback.device.FeatureState;
import org.blkbackd.blkback.migration.ClaimEffects;
import org.blkbackd.blkback.migration.ImageClaims;
import org.blkbackd.blkback.migration.Peer;
import org.blkbackd.blkback.migration.PeerMessage;
import org.blkbackd.blkback.migration.Want;

/** One daemon's claims, made to the other over a {@link SimLink}: the real rule, and no TLS. Ends with the daemon. */
final class SimPeers implements Claims, ClaimEffects {

    /** The most that a guest is offered. */
    private static final FeatureState OFFERS = new FeatureState(4, 64, 4096, 512, -1, false, "", List.of());

    private final String host;
    private final Life life;
    private final SimLink link;
    private final ScheduledThreadPoolExecutor loop;
    private final ImageClaims claims;
    private final Map<String, Consumer<ClaimResult>> claimants = new HashMap<>();
    private Future<?> next;

    SimPeers(String host, Life life, SimLink link) {
        this.life = life;
        this.host = host;
        this.link = link;
        loop = new ScheduledThreadPoolExecutor(1, work -> {
            Thread thread = new Thread(work, host + "-peers");
            thread.setDaemon(true);
            return thread;
        });
        claims = new ImageClaims(host, link.peersOf(host), OFFERS, () -> ThreadLocalRandom.current().nextLong() | 1,
            this);
        link.joined(host, this);
    }

    /** Its process ends. */
    void end() {
        link.left(host, this);
        loop.shutdownNow();
    }

    private Future<?> run(Runnable work, long delayMs) {
        try {
            return loop.schedule(() -> {
                if (!life.isOver()) {
                    work.run();
                }
            }, delayMs, TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException e) {
            return null;
        }
    }

    // --- what devices do --------------------------------------------------------------------------------------------

    @Override
    public void check(String target, String name, Consumer<String> then) {
        then.accept("");
    }

    @Override
    public void claim(Claim wanted, Consumer<ClaimResult> then) {
        Want want = new Want(wanted.device().toString(), image(wanted), "", wanted.vdev(),
            wanted.needs().sectors() >= 0, wanted.needs());
        run(() -> {
            if (claimants.putIfAbsent(want.device(), then) == null) {
                claims.claim(want, now());
                tick();
            } else {
                then.accept(ClaimResult.refused("it is claimed already"));
            }
        }, 0);
    }

    private static String image(Claim claim) {
        return claim.target().substring(claim.target().indexOf(':') + 1);
    }

    @Override
    public void opened(Claim claim) {
        // who is granted an image has it
    }

    @Override
    public void released(Claim claim) {
        run(() -> claims.released(claim.device().toString()), 0);
    }

    @Override
    public void parked(Claim left) {
        String device = left.device().toString();
        run(() -> {
            Want had = claims.want(device);
            if (had != null) {
                claims.parked(new Want(device, had.image(), had.domain(), had.vdev(), true, left.needs()));
            }
        }, 0);
    }

    // --- what the claims want done ----------------------------------------------------------------------------------

    @Override
    public void send(Peer peer, PeerMessage message) {
        if (!link.send(host, peer.name(), message) && !message.isAnswer()) {
            run(() -> {
                claims.unreachable(peer.name(), "connection refused");
                tick();
            }, 1);
        }
    }

    @Override
    public void told(String device, ClaimResult result) {
        Consumer<ClaimResult> claimant = claimants.remove(device);
        run(() -> claimant.accept(result), 0);
    }

    @Override
    public void note(String line) {
        // for an administrator
    }

    /** Something comes from the other host. Any thread. */
    void arrives(String from, PeerMessage message, long delayMs) {
        run(() -> {
            claims.received(from, message);
            tick();
        }, delayMs);
    }

    private void tick() {
        long at = claims.tick(now());
        if (next != null) {
            next.cancel(false);
        }
        next = at == Long.MAX_VALUE ? null : run(this::tick, Math.max(1, at - now()));
    }

    private static long now() {
        return TimeUnit.NANOSECONDS.toMillis(System.nanoTime());
    }
}
