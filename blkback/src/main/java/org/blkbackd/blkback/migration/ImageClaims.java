// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.migration;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.LongSupplier;
import org.blkbackd.blkback.device.ClaimResult;
import org.blkbackd.blkback.device.FeatureState;
import org.blkbackd.blkback.migration.PeerMessage.Type;

/**
 * The rule by which hosts share images, for one host. No I/O, no clock but what it is given, one owner thread.
 *
 * <p>Why two hosts A and B never have an image open at once: A opens after B's answer to a request of A's, and with
 * that B gave up every request of its own for the image. So the request by which B opens is younger than that answer,
 * and by the same argument A's request is younger than A's answer to it, which is younger than B's request: each would
 * be older than itself. Lost, late, repeated and re-ordered messages change nothing in that, because an answer counts
 * only while the very request that it names is open; nor does a crash, because what is closed and asked for nothing is
 * what a new process begins with.
 *
 * <p>What a device has parked, and no peer was permitted to have since, is this host's as if it were still open. A
 * guest that goes on, because its migration has failed, therefore needs no word of a peer that is silent. It is asked
 * all the same: a peer that took this host as off, on an operator's word, has the image, and says so.
 *
 * <p>Nothing that a peer says ends a claim that was granted: there is no such effect.
 */
public final class ImageClaims {

    /** How long a claim waits for peers. */
    static final long PATIENCE_MS = 5_000;
    /** After which a request that was not answered is sent once more. */
    static final long REPEAT_MS = 1_000;

    private enum Phase { ASKING, OPEN, PARKED }

    /** What one device has, had or wants. */
    private static final class Holding {

        private final Want want;
        private final long nonce;
        private final long deadline;
        private final Set<String> missing = new TreeSet<>();
        /** What is left of it until the claim is granted, and again when it is not; or null. */
        private final Holding parked;
        private Phase phase;
        private long repeatAt;
        /** Of what is parked: a peer may have it. */
        private boolean lent;

        Holding(Want want, Phase phase, Holding parked, long nonce, long now) {
            this.want = want;
            this.phase = phase;
            this.parked = phase == Phase.PARKED ? this : parked;
            this.nonce = nonce;
            deadline = now + PATIENCE_MS;
            repeatAt = now + REPEAT_MS;
        }

        /** What it asks for is what it has parked, and no peer has it. */
        private boolean isStillOurs() {
            return parked != null && !parked.lent && parked.want.covers(want);
        }
    }

    private final String host;
    private final Map<String, Peer> peers = new LinkedHashMap<>();
    private final Set<String> fenced = new TreeSet<>();
    private final Map<String, Holding> holdings = new LinkedHashMap<>();
    private final FeatureState offers;
    private final LongSupplier nonces;
    private final ClaimEffects effects;

    /**
     * @param host   name of this host, as its peers know it
     * @param offers the most that a guest is offered here
     * @param nonces numbers that never come again, not after a restart either
     */
    public ImageClaims(String host, List<Peer> peers, FeatureState offers, LongSupplier nonces, ClaimEffects effects) {
        this.host = host;
        peers.forEach(peer -> this.peers.put(peer.name(), peer));
        this.offers = offers;
        this.nonces = nonces;
        this.effects = effects;
    }

    // --- this host's devices ----------------------------------------------------------------------------------------

    /** A device is to open an image; the answer comes as {@link ClaimEffects#told}, also to a claim before it. */
    public void claim(Want want, long now) {
        Holding before = holdings.get(want.device());
        if (before != null && before.phase == Phase.ASKING) {
            refuse(before, "it is claimed anew");
        } else if (before != null && before.phase == Phase.OPEN && before.want.covers(want)) {
            effects.told(want.device(), ClaimResult.GRANTED);
            return;
        }
        Holding left = before != null && before.parked != null && before.want.image().equals(want.image())
            ? before.parked : null;
        Holding asking = new Holding(want, Phase.ASKING, left, nonces.getAsLong(), now);
        holdings.put(want.device(), asking);
        sharing(want.image()).stream().filter(peer -> !fenced.contains(peer.name()))
            .forEach(peer -> asking.missing.add(peer.name()));
        ask(asking);
        grantIfComplete(asking);
    }

    /** The same where this host has had the image open all the while, in another process: nobody is asked. */
    public void inherit(Want want) {
        holdings.put(want.device(), new Holding(want, Phase.OPEN, null, nonces.getAsLong(), 0));
        effects.told(want.device(), ClaimResult.GRANTED);
    }

    /** What was granted is not used any more, and nothing is left of it; or what was left of it has no meaning now. */
    public void released(String device) {
        Holding holding = holdings.remove(device);
        if (holding != null && holding.phase == Phase.ASKING) {
            tellPeers(holding, Type.ABORT);
            effects.told(device, ClaimResult.refused("it is not wanted any more"));
        }
    }

    /** The image is closed, while the guest is suspended. */
    public void parked(Want left) {
        Holding before = holdings.get(left.device());
        Holding parked = new Holding(left, Phase.PARKED, null, 0, 0);
        parked.lent = before == null || before.phase != Phase.OPEN;
        holdings.put(left.device(), parked);
    }

    private void ask(Holding asking) {
        asking.missing.forEach(name -> effects.send(peers.get(name),
            PeerMessage.ask(Type.RELEASE, asking.nonce, asking.want)));
    }

    private void grantIfComplete(Holding asking) {
        if (asking.missing.isEmpty()) {
            asking.phase = Phase.OPEN;
            tellPeers(asking, Type.CONFIRM);
            List<Peer> others = sharing(asking.want.image());
            if (!others.isEmpty()) {
                effects.note(asking.want.device() + " opens " + asking.want.image() + ": no claim to it by "
                    + String.join(", ", others.stream().map(Peer::name).toList()));
            }
            effects.told(asking.want.device(), ClaimResult.GRANTED);
        }
    }

    private void refuse(Holding asking, String reason) {
        if (asking.parked == null) {
            holdings.remove(asking.want.device());
        } else {
            holdings.put(asking.want.device(), asking.parked);
        }
        tellPeers(asking, Type.ABORT);
        effects.told(asking.want.device(), ClaimResult.refused(reason));
    }

    /** For their logs; whoever is taken as off is not bothered. */
    private void tellPeers(Holding asked, Type type) {
        sharing(asked.want.image()).stream()
            .filter(peer -> !fenced.contains(peer.name()) && !asked.missing.contains(peer.name()))
            .forEach(peer -> effects.send(peer, PeerMessage.about(type, asked.nonce, asked.want.image())));
    }

    /** The peers that may have an image open. */
    private List<Peer> sharing(String image) {
        return peers.values().stream().filter(peer -> peer.shares(image)).toList();
    }

    private List<Holding> asking() {
        return holdings.values().stream().filter(holding -> holding.phase == Phase.ASKING).toList();
    }

    // --- what peers say ---------------------------------------------------------------------------------------------

    /** Something came from a peer, whoever that is: the name is proven, and every word may be a lie. */
    public void received(String name, PeerMessage message) {
        Peer peer = peers.get(name);
        if (peer == null) {
            return;
        }
        heard(name);
        switch (message.type()) {
            case RELEASE, QUERY -> effects.send(peer, answer(peer, message));
            case RELEASED, UNKNOWN -> permitted(peer, message);
            case BUSY -> withNonce(peer, message.nonce()).ifPresent(asking -> refuse(asking, peer + " says: "
                + message.reason()));
            case CONFIRM -> holdings.values().stream()
                .filter(left -> left.phase == Phase.PARKED && left.want.image().equals(message.image()))
                .forEach(left -> effects.note(left.want.device() + ": " + peer.name() + " opens its image now"));
            default -> { }
        }
    }

    /** A peer is there: the operator's word that it is not counts no more. */
    public void heard(String name) {
        if (fenced.remove(name)) {
            effects.note(peers.get(name) + " is there, and not taken as off any more");
        }
    }

    private Optional<Holding> withNonce(Peer peer, long nonce) {
        return asking().stream().filter(asking -> asking.nonce == nonce && asking.missing.contains(peer.name()))
            .findFirst();
    }

    private void permitted(Peer peer, PeerMessage message) {
        withNonce(peer, message.nonce()).ifPresent(asking -> {
            if (message.features() != null) {
                effects.note(asking.want.device() + ": " + peer.name() + " has let go of its image"
                    + describe(message.features()));
            }
            asking.missing.remove(peer.name());
            grantIfComplete(asking);
        });
    }

    private static String describe(FeatureState left) {
        return (left.policy().isEmpty() ? "" : ", policy " + left.policy())
            + (left.held().isEmpty() ? "" : ", which held: " + String.join("; ", left.held()));
    }

    private PeerMessage answer(Peer peer, PeerMessage asked) {
        if (!peer.shares(asked.image())) {
            return PeerMessage.busy(asked.nonce(), asked.image() + " is not shared with " + peer.name() + " by " + host
                + ": see migration.peers in its blkbackd.conf");
        }
        List<Holding> conflicting = holdings.values().stream().filter(holding -> holding.want.image()
            .equals(asked.image()) && holding.want.conflictsWith(asked.readOnly())).toList();
        for (Holding holding : conflicting) {
            String reason = objection(holding, peer, asked);
            if (reason != null) {
                return PeerMessage.busy(asked.nonce(), holding.want.device() + " " + reason);
            }
        }
        if (asked.type() == Type.QUERY && Fit.loss(asked.features(), offers) != null) {
            return PeerMessage.busy(asked.nonce(), Fit.loss(asked.features(), offers));
        }
        return permit(peer, asked, conflicting);
    }

    /** The one place where a request of ours is given up for a peer's. */
    private PeerMessage permit(Peer peer, PeerMessage asked, List<Holding> conflicting) {
        FeatureState left = null;
        for (Holding holding : conflicting) {
            if (holding.parked != null) {
                left = holding.parked.want.features();
                holding.parked.lent |= asked.type() == Type.RELEASE;
            }
            if (holding.phase == Phase.ASKING && asked.type() == Type.RELEASE) {
                refuse(holding, peer + " asks for it, too, and goes first");
            }
        }
        return left == null ? PeerMessage.unknown(asked.nonce()) : PeerMessage.released(asked.nonce(), left);
    }

    /** Why a peer may not have what this device has, had or wants; or null. */
    private String objection(Holding holding, Peer peer, PeerMessage asked) {
        if (holding.phase == Phase.OPEN) {
            return "has it open" + guest(holding.want);
        }
        if (holding.phase == Phase.ASKING && goesFirst(holding.want, peer, asked)) {
            return "is about to open it" + guest(holding.want);
        }
        return holding.parked == null ? null : objection(holding.parked.want, asked);
    }

    /** The same for what is left of an image whose guest is suspended. */
    private static String objection(Want left, PeerMessage asked) {
        if (left.isOfAnother(asked.domain())) {
            return "keeps it for the suspended guest " + left.domain() + ", not " + asked.domain();
        }
        String harm = asked.type() == Type.RELEASE ? Fit.harm(left.features(), asked.features()) : null;
        return harm == null ? null : "would be harmed: " + harm;
    }

    private static String guest(Want want) {
        return want.domain().isEmpty() ? "" : " for guest " + want.domain();
    }

    /** Both sides come to the same answer: a guest that waits for its disk goes first, then the lower host name. */
    private boolean goesFirst(Want ours, Peer peer, PeerMessage asked) {
        return ours.running() != asked.running() ? ours.running() : host.compareTo(peer.name()) < 0;
    }

    // --- what becomes of the network, and time ----------------------------------------------------------------------

    /** Nothing can be sent to a peer; {@code why} is one line. */
    public void unreachable(String name, String why) {
        asking().stream().filter(asking -> asking.missing.contains(name))
            .forEach(asking -> silent(asking, List.of(name), why));
    }

    /** No answer can be had from these peers. */
    private void silent(Holding asking, List<String> names, String why) {
        Peer first = peers.get(names.get(0));
        String problem = "peer " + first + " does not answer: " + why;
        if (!asking.isStillOurs()) {
            refuse(asking, problem + "; if that host is off, say 'blkbackctl peers --fenced " + first.name() + "'");
            return;
        }
        effects.note(asking.want.device() + ": " + problem + "; but has not asked for the image since it was parked");
        asking.missing.removeAll(names);
        grantIfComplete(asking);
    }

    /** Time has passed. Returns when to call again, or {@link Long#MAX_VALUE} when there is nothing to wait for. */
    public long tick(long now) {
        for (Holding asking : asking()) {
            if (now >= asking.deadline) {
                silent(asking, List.copyOf(asking.missing), "nothing heard in " + PATIENCE_MS / 1000 + " s");
            } else if (now >= asking.repeatAt) {
                asking.repeatAt = now + REPEAT_MS;
                ask(asking);
            }
        }
        return asking().stream().mapToLong(asking -> Math.min(asking.deadline, asking.repeatAt)).min()
            .orElse(Long.MAX_VALUE);
    }

    /** The operator says that a peer's host is off, until the peer is heard again; or takes that back. */
    public void fence(String name, boolean off) {
        if (!off) {
            fenced.remove(name);
            return;
        }
        fenced.add(name);
        for (Holding asking : asking()) {
            if (asking.missing.remove(name)) {
                grantIfComplete(asking);
            }
        }
    }

    /** Whether the operator's word is all that is known of a peer. */
    public boolean isFenced(String name) {
        return fenced.contains(name);
    }

    /** What a device has of an image, for a question about it; or null. */
    public Want want(String device) {
        Holding holding = holdings.get(device);
        return holding == null ? null : holding.want;
    }
}
