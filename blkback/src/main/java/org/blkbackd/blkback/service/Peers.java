// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.service;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.blkbackd.blkback.blkif.Blkif;
import org.blkbackd.blkback.config.MigrationConfig;
import org.blkbackd.blkback.control.ControlError;
import org.blkbackd.blkback.control.ControlException;
import org.blkbackd.blkback.control.PeerView;
import org.blkbackd.blkback.device.Claims;
import org.blkbackd.blkback.device.FeatureState;
import org.blkbackd.blkback.device.HandOver;
import org.blkbackd.blkback.migration.Peer;
import org.blkbackd.blkback.migration.net.PeerClaims;
import org.blkbackd.blkback.migration.net.PeerNetwork;
import org.blkbackd.blkback.migration.net.PeerSettings;
import org.blkbackd.blkback.migration.net.PeerStatus;
import org.blkbackd.blkback.xenbus.RingLimits;
import org.blkbackd.ioengine.DiskSpec;
import org.blkbackd.ioengine.Disks;

/** The hosts that images are shared with, if any are configured. */
final class Peers implements AutoCloseable {

    private static final Path HOST_NAME = Path.of("/proc/sys/kernel/hostname");

    /** For a xenstored that does not answer, before peers are answered all the same. */
    private static final long LOOK_S = 10;

    private final PeerNetwork network;
    private final PeerClaims claims;

    private Peers(PeerNetwork network, PeerClaims claims) {
        this.network = network;
        this.claims = claims;
    }

    /**
     * Those of the settings. Nobody is answered before {@link #begin}.
     *
     * @param queues    the most that a guest is offered
     * @param takesOver until then, what is opened is what another process of this host has had open
     */
    static Peers of(MigrationConfig config, Disks disks, int queues, boolean takesOver) {
        if (!config.hasPeers()) {
            return new Peers(null, null);
        }
        String host = config.host() == null ? hostName() : config.host();
        List<Peer> peers = config.peers().stream().map(peer -> new Peer(peer.name(),
            MigrationConfig.hostOf(peer.address()), MigrationConfig.portOf(peer.address()), peer.images())).toList();
        if (peers.stream().anyMatch(peer -> peer.name().equals(host))) {
            throw new IllegalStateException("migration: this host, " + host + ", is one of its own peers: set"
                + " migration.host, or take it out of migration.peers");
        }
        PeerNetwork network = new PeerNetwork(new PeerSettings(host, Administration.programVersion(),
            new InetSocketAddress(MigrationConfig.hostOf(config.listen()), MigrationConfig.portOf(config.listen())),
            config.certificate(), config.key(), config.authorities(), peers), offers(queues));
        return new Peers(network, new PeerClaims(network, target -> disks.identity(DiskSpec.parse(target)),
            takesOver));
    }

    private static FeatureState offers(int queues) {
        return new FeatureState(RingLimits.MAX_PAGE_ORDER, queues, Blkif.MAX_INDIRECT_SEGMENTS, Blkif.SECTOR_SIZE, -1,
            false, "", List.of());
    }

    private static String hostName() {
        try {
            return Files.readString(HOST_NAME).trim().toLowerCase(Locale.ROOT);
        } catch (IOException e) {
            throw new IllegalStateException("migration: the name of this host is not known: set migration.host", e);
        }
    }

    /** What devices ask before they open. */
    Claims claims() {
        return claims == null ? Claims.NONE : claims;
    }

    /** For a successor, so that no image is anybody else's on the way. */
    HandOver handOver(HandOver devices) {
        return claims == null ? devices : new ClaimedHandOver(devices, claims);
    }

    /** From now on peers are asked; and answered, once every device of this host has made its claim. */
    void begin(CompletableFuture<Void> looked) {
        if (claims != null) {
            claims.begin();
            looked.orTimeout(LOOK_S, TimeUnit.SECONDS).whenComplete((done, late) -> claims.listen());
        }
    }

    /** Another process of this host answers them. */
    void stepAside() {
        if (network != null) {
            network.stepAside();
        }
    }

    @Override
    public void close() {
        if (claims != null) {
            claims.close();
        }
    }

    // --- for administrators -----------------------------------------------------------------------------------------

    CompletableFuture<List<PeerView>> views() {
        return network == null ? CompletableFuture.completedFuture(List.of())
            : network.peers().thenApply(all -> all.stream().map(Peers::view).toList());
    }

    private static PeerView view(PeerStatus status) {
        Peer peer = status.peer();
        return new PeerView(peer.name(), peer.host() + ":" + peer.port(), peer.images(), status.state(),
            status.heardAgoMs() < 0 ? null : TimeUnit.MILLISECONDS.toSeconds(status.heardAgoMs()), status.program(),
            status.problem());
    }

    CompletableFuture<Boolean> fence(String peer, boolean off) {
        return network == null ? nobody() : network.fence(peer, off);
    }

    CompletableFuture<List<String>> migrateCheck(String device, String peer) {
        return network == null ? nobody() : network.query(peer, device)
            .thenApply(reason -> reason.isEmpty() ? List.of() : List.of(reason));
    }

    private static <T> CompletableFuture<T> nobody() {
        return CompletableFuture.failedFuture(new ControlException(ControlError.FAILED,
            "this host has no peers: see migration in blkbackd.conf"));
    }
}
