// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.migration.net;

import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.blkbackd.blkback.device.Claim;
import org.blkbackd.blkback.device.ClaimResult;
import org.blkbackd.blkback.device.Claims;
import org.blkbackd.blkback.migration.Want;
import org.blkbackd.ioengine.StorageThreads;

/**
 * The claims of this host's devices, made to its peers. What an image is on every host is looked up on a pool of its
 * own: its storage may not answer.
 */
public final class PeerClaims implements Claims, AutoCloseable {

    /** What an image is, on every host. */
    public interface Identities {

        /**
         * Slow.
         *
         * @param target as the toolstack wrote it, without options
         * @throws RuntimeException with one line that says why it cannot be known
         */
        String of(String target);
    }

    /** For storage that does not answer, before peers are answered all the same. */
    private static final long LOOKUP_S = 10;
    /** Before a name that an administrator has given an image. */
    private static final String NAMED = "name:";

    private final PeerNetwork network;
    private final Identities identities;
    private final StorageThreads pool = new StorageThreads("blkbackd-identity");
    /** Devices that go to another process of this host, or are there; those of them that are closed here. */
    private final Set<String> kept = new HashSet<>();
    private final Set<String> closed = new HashSet<>();
    /** Claims whose image is being looked up. */
    private final Set<CompletableFuture<Void>> lookups = new HashSet<>();
    private volatile boolean inherits;

    /** @param inherits until {@link #begin}, what is claimed is what this host has had open all the while */
    public PeerClaims(PeerNetwork network, Identities identities, boolean inherits) {
        this.network = network;
        this.identities = identities;
        this.inherits = inherits;
    }

    /** Every device that another process of this host served is this one's: from now on peers are asked. */
    public void begin() {
        inherits = false;
    }

    /**
     * From now on peers are answered. What is claimed already comes first: were they answered earlier, a guest that is
     * connected here, and waits for this daemon to come back, could lose its image to one that is only starting.
     */
    public void listen() {
        CompletableFuture<?>[] first;
        synchronized (this) {
            first = lookups.toArray(new CompletableFuture<?>[0]);
        }
        CompletableFuture.allOf(first).orTimeout(LOOKUP_S, TimeUnit.SECONDS)
            .whenComplete((done, late) -> network.listen());
    }

    /** A device goes to another process of this host: however it is closed here, peers may not have its image. */
    public synchronized void keep(String device) {
        kept.add(device);
    }

    /** No other process of this host has the device. */
    public synchronized void unkeep(String device) {
        if (kept.remove(device) && closed.remove(device)) {
            network.released(device);
        }
    }

    /** No other process of this host has anything. */
    public synchronized void unkeep() {
        Set.copyOf(kept).forEach(this::unkeep);
    }

    @Override
    public void check(String target, String name, Consumer<String> then) {
        pool.execute(() -> {
            String image;
            try {
                image = image(target, name);
            } catch (RuntimeException e) {
                then.accept("");
                return;
            }
            network.introduce(image).thenAccept(then);
        });
    }

    @Override
    public void claim(Claim wanted, Consumer<ClaimResult> then) {
        boolean held = inherits;
        CompletableFuture<Void> lookup = new CompletableFuture<>();
        synchronized (this) {
            kept.remove(wanted.device().toString());
            closed.remove(wanted.device().toString());
            lookups.add(lookup);
        }
        pool.execute(() -> {
            try {
                claim(wanted, held, then);
            } finally {
                found(lookup);
            }
        });
    }

    private synchronized void found(CompletableFuture<Void> lookup) {
        lookups.remove(lookup);
        lookup.complete(null);
    }

    private void claim(Claim wanted, boolean held, Consumer<ClaimResult> then) {
        Want want;
        try {
            want = want(wanted);
        } catch (RuntimeException e) {
            then.accept(wanted.exclusive() ? ClaimResult.refused("peers cannot be asked about " + wanted.target()
                + ": " + e.getMessage()) : ClaimResult.GRANTED);
            return;
        }
        if (held) {
            network.inherit(want, then);
        } else {
            network.claim(want, then);
        }
    }

    /** The same claim in words that every host understands; slow. */
    public Want want(Claim wanted) {
        String domain = wanted.domainUuid() == null ? "" : wanted.domainUuid();
        // A guest that was connected knows the size of its disk.
        return new Want(wanted.device().toString(), image(wanted.target(), wanted.name()), domain, wanted.vdev(),
            wanted.needs().sectors() >= 0, wanted.needs());
    }

    private String image(String target, String name) {
        return name == null ? identities.of(target) : NAMED + name;
    }

    @Override
    public void opened(Claim claim) {
        // Who is granted an image has it.
    }

    @Override
    public synchronized void released(Claim claim) {
        String device = claim.device().toString();
        if (kept.contains(device)) {
            closed.add(device);
        } else {
            network.released(device);
        }
    }

    @Override
    public void parked(Claim left) {
        network.parked(left.device().toString(), left.needs());
    }

    @Override
    public void close() {
        pool.close();
        network.close();
    }
}
