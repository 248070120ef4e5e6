// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.migration.net;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.blkbackd.blkback.device.ClaimResult;
import org.blkbackd.blkback.device.FeatureState;
import org.blkbackd.blkback.migration.Peer;
import org.blkbackd.blkback.migration.PeerHello;
import org.blkbackd.blkback.migration.Want;

/** A host of a test: its files, its place among its peers, and words for what its devices do. */
final class TestHost implements AutoCloseable {

    static final String IMAGE = "wwid:naa.1";
    static final String DEVICE = "vbd-3-51712";
    static final FeatureState FEATURES = new FeatureState(4, 2, 256, 512, -1, false, "enospc", List.of());
    /** For a machine that does much else. */
    static final PeerLimits PATIENT = new PeerLimits(8, 20_000, 20_000, 60_000, 20_000, 100);

    private static final long PATIENCE_S = 40;

    private final String name;
    private final int port;
    private final Path folder;
    private PeerNetwork network;

    TestHost(String name, Path folder) throws IOException {
        this.name = name;
        this.folder = folder.resolve(name);
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
    }

    Path folder() {
        return folder;
    }

    int port() {
        return port;
    }

    Peer peer(String... images) {
        return new Peer(name, "127.0.0.1", port, List.of(images));
    }

    PeerSettings settings(Peer... peers) {
        return new PeerSettings(name, "1.0-test", new InetSocketAddress(InetAddress.getLoopbackAddress(), port),
            folder.resolve("host.pem"), folder.resolve("host.key"), folder.resolve("ca.pem"), List.of(peers));
    }

    TestHost start(Peer... peers) {
        return start(PATIENT, PeerHello.ours(name, "1.0-test"), peers);
    }

    TestHost start(PeerLimits limits, PeerHello hello, Peer... peers) {
        network = new PeerNetwork(settings(peers), FEATURES, limits, hello);
        network.listen();
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_S);
        while (network.address() == null) {
            if (System.nanoTime() - deadline > 0) {
                throw new AssertionError(name + " does not listen");
            }
            Thread.onSpinWait();
        }
        return this;
    }

    PeerNetwork network() {
        return network;
    }

    static Want want(boolean running) {
        return want(IMAGE, running);
    }

    static Want want(String image, boolean running) {
        return new Want(DEVICE, image, "u1", "xvda", running, FEATURES);
    }

    /** The answer to one claim: {@code granted}, or why not. */
    String claim(Want want) {
        CompletableFuture<ClaimResult> answer = new CompletableFuture<>();
        network.claim(want, answer::complete);
        ClaimResult result = answer.orTimeout(PATIENCE_S, TimeUnit.SECONDS).join();
        return result.granted() ? "granted" : result.refusal();
    }

    /** The same, as a device does it: again while a peer is slow. */
    String claimPatiently(Want want) {
        String answer = claim(want);
        for (int i = 0; i < 5 && answer.contains("nothing heard in"); i++) {
            answer = claim(want);
        }
        return answer;
    }

    /** The same until it is granted, or for as long as anybody has patience: what another host does takes a moment. */
    String claimUntilGranted(Want want) {
        String answer = claim(want);
        for (int i = 0; i < 200 && !answer.equals("granted"); i++) {
            try {
                Thread.sleep(100);
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
            answer = claim(want);
        }
        return answer;
    }

    /** What is in the way of a talk about the image, with whomever it is shared. */
    String introduction() {
        return network.introduce(IMAGE).orTimeout(PATIENCE_S, TimeUnit.SECONDS).join();
    }

    /** What hostb says of the device. */
    String query() {
        return network.query("hostb", DEVICE).orTimeout(PATIENCE_S, TimeUnit.SECONDS).join();
    }

    @Override
    public void close() {
        if (network != null) {
            network.close();
            network = null;
        }
    }
}
