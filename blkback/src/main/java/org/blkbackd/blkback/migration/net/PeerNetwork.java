// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.migration.net;

import io.netty.util.concurrent.ScheduledFuture;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.blkbackd.blkback.control.server.ServerLoop;
import org.blkbackd.blkback.device.ClaimResult;
import org.blkbackd.blkback.device.FeatureState;
import org.blkbackd.blkback.migration.ClaimEffects;
import org.blkbackd.blkback.migration.ImageClaims;
import org.blkbackd.blkback.migration.Peer;
import org.blkbackd.blkback.migration.PeerHello;
import org.blkbackd.blkback.migration.PeerMessage;
import org.blkbackd.blkback.migration.Want;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** This host among its peers: the claims, and the connections they need. Thread-safe; every method returns at once. */
public final class PeerNetwork implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(PeerNetwork.class);

    private final ServerLoop loop = new ServerLoop("blkbackd-peers");
    private final PeerLimits limits;
    private final FeatureState offers;
    private final Map<String, Line> lines = new LinkedHashMap<>();
    private final Map<String, Consumer<ClaimResult>> claimants = new HashMap<>();
    private final SecureRandom random = new SecureRandom();
    private final PeerServer server;
    private final ImageClaims claims;
    private final PeerQuestions questions;
    private PeerConnection asking;
    private ScheduledFuture<?> tick;

    /** One peer. */
    private static final class Line {

        private final Peer peer;
        private PeerLink link;
        private long heardAt = -1;
        private String program;
        private String problem;

        Line(Peer peer) {
            this.peer = peer;
        }
    }

    /** @param offers the most that a guest is offered on this host */
    public PeerNetwork(PeerSettings settings, FeatureState offers) {
        this(settings, offers, PeerLimits.DEFAULTS);
    }

    PeerNetwork(PeerSettings settings, FeatureState offers, PeerLimits limits) {
        this(settings, offers, limits, PeerHello.ours(settings.host(), settings.program()));
    }

    /** @param hello what this host says of itself first */
    PeerNetwork(PeerSettings settings, FeatureState offers, PeerLimits limits, PeerHello hello) {
        this.limits = limits;
        this.offers = offers;
        PeerTls tls = new PeerTls(settings, limits.greetingMs());
        claims = new ImageClaims(settings.host(), settings.peers(), offers, this::nonce, new Effects());
        for (Peer peer : settings.peers()) {
            Line line = new Line(peer);
            line.link = new PeerLink(peer, tls, hello, limits, loop.group(), new Answers());
            lines.put(peer.name(), line);
        }
        server = new PeerServer(settings.listen(), tls, hello, limits, loop.group(), new Questions());
        questions = new PeerQuestions(loop.group(), limits.greetingMs());
    }

    /** Begins to listen. Until then this host asks, and answers nobody. */
    public void listen() {
        loop.group().execute(server::open);
    }

    /** Where it listens, or null while it does not. */
    InetSocketAddress address() {
        return onLoop(server::address).join();
    }

    // --- what devices do --------------------------------------------------------------------------------------------

    /** As {@link ImageClaims#claim}; {@code then} is told on the loop. */
    public void claim(Want want, Consumer<ClaimResult> then) {
        loop.group().execute(() -> {
            if (claimants.putIfAbsent(want.device(), then) != null) {
                then.accept(ClaimResult.refused("it is claimed already"));
                return;
            }
            claims.claim(want, now());
            schedule();
        });
    }

    /** As {@link ImageClaims#inherit}. */
    public void inherit(Want want, Consumer<ClaimResult> then) {
        loop.group().execute(() -> {
            claimants.put(want.device(), then);
            claims.inherit(want);
        });
    }

    /** As {@link ImageClaims#released}. */
    public void released(String device) {
        loop.group().execute(() -> claims.released(device));
    }

    /** As {@link ImageClaims#parked}, of an image that was granted. */
    public void parked(String device, FeatureState left) {
        loop.group().execute(() -> {
            Want had = claims.want(device);
            if (had != null) {
                claims.parked(new Want(device, had.image(), had.domain(), had.vdev(), true, left));
            }
        });
    }

    /**
     * Whether the peers that an image is shared with and this host would speak about it. One that is silent may be off,
     * which is nothing to say against it.
     *
     * @return what will always be in the way, one line; empty when nothing is known to be
     */
    public CompletableFuture<String> introduce(String image) {
        Want want = new Want("", image, "", "", false, offers);
        return onLoop(() -> lines.values().stream()
            .filter(line -> line.peer.shares(image) && !claims.isFenced(line.peer.name()))
            .map(line -> ask(line, want)).toList()).thenCompose(PeerNetwork::firstForGood);
    }

    private static CompletableFuture<String> firstForGood(List<CompletableFuture<PeerQuestions.Answer>> answers) {
        return CompletableFuture.allOf(answers.toArray(new CompletableFuture<?>[0])).thenApply(all -> answers.stream()
            .map(CompletableFuture::join).filter(PeerQuestions.Answer::forGood).map(PeerQuestions.Answer::problem)
            .map(problem -> "peer " + problem).findFirst().orElse(""));
    }

    // --- what an administrator asks ---------------------------------------------------------------------------------

    /** Every peer, as configured. */
    public CompletableFuture<List<PeerStatus>> peers() {
        return onLoop(() -> lines.values().stream().map(this::status).toList());
    }

    private PeerStatus status(Line line) {
        String name = line.peer.name();
        String state = claims.isFenced(name) ? "fenced"
            : line.link.isUp() || server.isConnected(name) ? "connected"
            : line.problem != null ? "silent" : line.heardAt < 0 ? "unheard" : "idle";
        return new PeerStatus(line.peer, state, line.heardAt < 0 ? -1 : now() - line.heardAt, line.program,
            line.problem);
    }

    /** As {@link ImageClaims#fence}; false when there is no such peer. */
    public CompletableFuture<Boolean> fence(String name, boolean off) {
        return onLoop(() -> {
            if (!lines.containsKey(name)) {
                return false;
            }
            LOG.warn("migration: the operator says that {} is {}", name, off ? "off" : "not off any more");
            claims.fence(name, off);
            return true;
        });
    }

    /**
     * Asks a peer what would become of a guest's disk there.
     *
     * @return what is in the way, one line; empty when nothing is
     */
    public CompletableFuture<String> query(String name, String device) {
        return onLoop(() -> ask(lines.get(name), name, claims.want(device), device)).thenCompose(answer -> answer);
    }

    private CompletableFuture<String> ask(Line line, String name, Want want, String device) {
        if (line == null) {
            return CompletableFuture.completedFuture(name + " is no peer; known are "
                + String.join(", ", lines.keySet()));
        }
        if (want == null) {
            return CompletableFuture.completedFuture(device + " has no image open: its guest is not connected");
        }
        if (!line.peer.shares(want.image())) {
            return CompletableFuture.completedFuture(want.image() + " is not shared with " + name
                + ": see migration.peers in blkbackd.conf");
        }
        return ask(line, want).thenApply(PeerQuestions.Answer::problem);
    }

    private CompletableFuture<PeerQuestions.Answer> ask(Line line, Want want) {
        long nonce = nonce();
        CompletableFuture<PeerQuestions.Answer> answer = questions.ask(line.peer, nonce);
        line.link.send(PeerMessage.ask(PeerMessage.Type.QUERY, nonce, want));
        return answer;
    }

    // --- the loop ---------------------------------------------------------------------------------------------------

    private <T> CompletableFuture<T> onLoop(Supplier<T> work) {
        return CompletableFuture.supplyAsync(work, loop.group());
    }

    /** Never 0, and never one that was. */
    private long nonce() {
        long nonce = random.nextLong();
        return nonce == 0 ? 1 : nonce;
    }

    private static long now() {
        return TimeUnit.NANOSECONDS.toMillis(System.nanoTime());
    }

    /** Wakes when a claim has waited long enough; never while none does. */
    private void schedule() {
        long at = claims.tick(now());
        if (tick != null) {
            tick.cancel(false);
        }
        tick = at == Long.MAX_VALUE ? null
            : loop.group().schedule(this::schedule, Math.max(1, at - now()), TimeUnit.MILLISECONDS);
    }

    private void heard(Peer peer) {
        Line line = lines.get(peer.name());
        line.heardAt = now();
        line.problem = null;
    }

    private void reached(Peer peer, String program) {
        heard(peer);
        lines.get(peer.name()).program = program;
        claims.heard(peer.name());
    }

    /** Answers nobody any more: from here on another process of this host does. */
    public void stepAside() {
        onLoop(() -> {
            server.close();
            return null;
        }).orTimeout(limits.greetingMs(), TimeUnit.MILLISECONDS).exceptionally(late -> null).join();
    }

    @Override
    public void close() {
        onLoop(() -> {
            server.close();
            lines.values().forEach(line -> line.link.close());
            return null;
        }).orTimeout(limits.greetingMs(), TimeUnit.MILLISECONDS).exceptionally(late -> null).join();
        loop.close();
    }

    /** What the claims want done. */
    private final class Effects implements ClaimEffects {

        @Override
        public void send(Peer peer, PeerMessage message) {
            if (message.isAnswer()) {
                asking.send(message);
            } else if (message.type() == PeerMessage.Type.RELEASE || lines.get(peer.name()).link.isUp()) {
                lines.get(peer.name()).link.send(message);
            }
        }

        @Override
        public void told(String device, ClaimResult result) {
            Consumer<ClaimResult> claimant = claimants.remove(device);
            loop.group().execute(() -> claimant.accept(result));
        }

        @Override
        public void note(String line) {
            LOG.info("migration: {}", line);
        }
    }

    /** What peers answer to this host. */
    private final class Answers implements PeerLink.Owner {

        @Override
        public void answered(Peer peer, PeerMessage message) {
            heard(peer);
            if (message.isAnswer() && !questions.answered(message)) {
                claims.received(peer.name(), message);
                schedule();
            }
        }

        @Override
        public void reached(Peer peer, String program) {
            PeerNetwork.this.reached(peer, program);
        }

        @Override
        public void lost(Peer peer, String why) {
            questions.unanswered(peer, why, false);
        }

        @Override
        public void unreachable(Peer peer, String why, boolean forGood) {
            lines.get(peer.name()).problem = why;
            questions.unanswered(peer, why, forGood);
            claims.unreachable(peer.name(), why);
            schedule();
        }
    }

    /** What peers ask this host. */
    private final class Questions implements PeerServer.Owner {

        @Override
        public Peer peer(String name) {
            Line line = lines.get(name);
            return line == null ? null : line.peer;
        }

        @Override
        public void reached(Peer peer, String program) {
            PeerNetwork.this.reached(peer, program);
        }

        @Override
        public void asked(PeerConnection from, Peer peer, PeerMessage message) {
            heard(peer);
            if (!message.isAnswer()) {
                asking = from;
                claims.received(peer.name(), message);
                asking = null;
                schedule();
            }
        }
    }
}
