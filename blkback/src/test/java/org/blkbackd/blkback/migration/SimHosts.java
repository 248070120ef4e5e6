// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.migration;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import org.blkbackd.blkback.device.ClaimResult;
import org.blkbackd.blkback.device.FeatureState;
import org.blkbackd.blkback.wire.WireException;

/**
 * Hosts with a daemon each, and links between them that lose, delay, re-order and repeat; one clock. Whenever a claim
 * is granted it is held against what is open elsewhere.
 */
final class SimHosts {

    static final String SHARED = "wwid:shared";
    static final String OTHER = "wwid:other";

    private static final String[] DOMAINS = {"", "u1", "u1", "u2"};

    /** What a daemon sent and a link still has. */
    private record Letter(String from, String to, byte[] bytes) {
    }

    /** One host; its daemon comes and goes. */
    final class Host implements ClaimEffects {

        private final String name;
        private final Map<String, Want> open = new TreeMap<>();
        private final Map<String, Want> parked = new TreeMap<>();
        private final Map<String, Want> asking = new TreeMap<>();
        private ImageClaims claims;

        private Host(String name) {
            this.name = name;
        }

        private void start() {
            List<Peer> peers = names.stream().filter(other -> !other.equals(name))
                .map(other -> new Peer(other, "192.0.2.1", 7878, List.of("wwid:*"))).toList();
            claims = new ImageClaims(name, peers, features(false), random::nextLong, this);
        }

        private void crash() {
            claims = null;
            open.clear();
            parked.clear();
            asking.clear();
        }

        void claim(Want want) {
            if (!asking.containsKey(want.device())) {
                asking.put(want.device(), want);
                claims.claim(want, now);
            }
        }

        void release(String device) {
            open.remove(device);
            parked.remove(device);
            claims.released(device);
        }

        private void park(String device) {
            Want want = open.remove(device);
            parked.put(device, want);
            claims.parked(want);
        }

        boolean has(String device) {
            return open.containsKey(device);
        }

        @Override
        public void send(Peer peer, PeerMessage message) {
            letters.add(new Letter(name, peer.name(), lie.apply(message).encode(1)));
        }

        @Override
        public void told(String device, ClaimResult result) {
            Want want = asking.remove(device);
            if (want == null) {
                throw new AssertionError(name + " was told of what it did not ask, " + device + ", " + where());
            }
            if (result.granted()) {
                judge(want);
                parked.remove(device);
                open.put(device, want);
                grants++;
            }
        }

        private void judge(Want want) {
            for (Host other : hosts.values()) {
                for (Want theirs : other.open.values()) {
                    if (other != this && theirs.image().equals(want.image())
                        && theirs.conflictsWith(want.features().readOnly())) {
                        throw new AssertionError(want.image() + " is open on " + other.name + " by " + theirs.device()
                            + " and on " + name + " by " + want.device() + ", " + where());
                    }
                }
            }
        }

        @Override
        public void note(String line) {
            if (line.isBlank() || line.contains("\n")) {
                throw new AssertionError("no line: " + line);
            }
        }
    }

    private final long seed;
    private final Random random;
    private final List<String> names = new ArrayList<>();
    private final Map<String, Host> hosts = new LinkedHashMap<>();
    private final List<Letter> letters = new ArrayList<>();
    private final UnaryOperator<PeerMessage> lie;
    private long now;
    private int grants;

    /** @param lie what links make of a message */
    SimHosts(long seed, int count, UnaryOperator<PeerMessage> lie) {
        this.seed = seed;
        this.lie = lie;
        random = new Random(seed);
        for (int i = 0; i < count; i++) {
            names.add("host" + (char) ('a' + i));
        }
        names.forEach(name -> hosts.put(name, new Host(name)));
        hosts.values().forEach(Host::start);
    }

    private String where() {
        return "seed " + seed + " with " + names.size() + " hosts";
    }

    private static FeatureState features(boolean readOnly) {
        return new FeatureState(4, 2, 256, 512, 2048, readOnly, "enospc", List.of());
    }

    static Want want(String device, String image, String domain, boolean running, boolean readOnly) {
        return new Want(device, image, domain, "xvda", running, features(readOnly));
    }

    /** How many claims were granted so far. */
    int grants() {
        return grants;
    }

    Host host(int index) {
        return hosts.get(names.get(index));
    }

    /** Everything that can happen, in any order. */
    void chaos(int steps) {
        for (int i = 0; i < steps; i++) {
            int dice = random.nextInt(100);
            Host host = host(random.nextInt(names.size()));
            if (dice < 60) {
                deliver(random.nextInt(10) < 2, random.nextInt(10) < 2);
            } else if (host.claims == null) {
                host.start();
            } else if (dice < 70) {
                now += random.nextInt(1_500);
                host.claims.tick(now);
            } else if (dice < 97) {
                deviceActs(host);
            } else if (dice < 98) {
                host.crash();
            } else {
                networkActs(host);
            }
        }
    }

    private void deliver(boolean lost, boolean again) {
        if (letters.isEmpty()) {
            return;
        }
        int index = random.nextInt(letters.size());
        Letter letter = again ? letters.get(index) : letters.remove(index);
        Host to = hosts.get(letter.to);
        if (!lost && to.claims != null) {
            try {
                to.claims.received(letter.from, PeerMessage.decode(1, ByteBuffer.wrap(letter.bytes)));
            } catch (WireException e) {
                throw new AssertionError(e.getMessage() + ", " + where(), e);
            }
        }
    }

    private void deviceActs(Host host) {
        String device = "vbd-" + (1 + random.nextInt(3)) + "-51712";
        if (host.open.containsKey(device)) {
            if (random.nextInt(3) == 0) {
                host.release(device);
            } else if (random.nextBoolean()) {
                host.park(device);
            }
        } else if (host.parked.containsKey(device) && random.nextInt(3) == 0) {
            host.release(device);
        } else {
            Want before = host.parked.get(device);
            host.claim(before != null ? before : want(device, random.nextInt(4) == 0 ? OTHER : SHARED,
                DOMAINS[random.nextInt(DOMAINS.length)], random.nextInt(4) == 0, random.nextInt(4) == 0));
        }
    }

    private void networkActs(Host host) {
        Host other = host(random.nextInt(names.size()));
        if (other == host) {
            return;
        }
        if (other.claims == null && random.nextBoolean()) {
            host.claims.fence(other.name, true);
        } else {
            host.claims.unreachable(other.name, "the connection broke");
        }
    }

    /** Every daemon runs, nobody has or wants anything, nothing is under way. */
    void calm() {
        for (Host host : hosts.values()) {
            if (host.claims == null) {
                host.start();
            }
            for (int device = 1; device <= 3; device++) {
                host.release("vbd-" + device + "-51712");
            }
        }
        whole();
    }

    /** Links deliver everything that is under way, once, and time passes. */
    void whole() {
        while (!letters.isEmpty()) {
            deliver(false, false);
        }
        now += ImageClaims.REPEAT_MS;
        hosts.values().forEach(host -> host.claims.tick(now));
    }
}
