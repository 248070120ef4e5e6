// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.migrate;

import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import org.blkbackd.blkback.migration.Peer;
import org.blkbackd.blkback.migration.PeerMessage;

/**
 * The network between the daemons of two hosts: it delays, repeats and loses messages, and can be cut. Who is told that
 * a peer cannot be reached may trust that as little as anybody may. Thread-safe.
 */
final class SimLink {

    private static final int LOST_IN = 25;
    private static final int REPEATED_IN = 25;
    private static final int MOST_DELAY_MS = 4;

    private final Random random;
    private final List<String> hosts;
    private final Map<String, SimPeers> daemons = new ConcurrentHashMap<>();
    private volatile boolean cut;
    private volatile boolean faultless;

    SimLink(long seed, String... hosts) {
        random = new Random(seed);
        this.hosts = List.of(hosts);
    }

    /** The others, as one is configured with. */
    List<Peer> peersOf(String host) {
        return hosts.stream().filter(name -> !name.equals(host)).map(name -> new Peer(name, name, 7878, List.of("*")))
            .toList();
    }

    void joined(String host, SimPeers daemon) {
        daemons.put(host, daemon);
    }

    void left(String host, SimPeers daemon) {
        daemons.remove(host, daemon);
    }

    /** Nothing gets through from now on, or everything that is sent from now on. */
    void cut(boolean now) {
        cut = now;
    }

    /** From now on everything arrives, once and at once. */
    void faultless() {
        faultless = true;
    }

    /** Returns whether the sender thinks that it is on its way. */
    boolean send(String from, String to, PeerMessage message) {
        SimPeers receiver = daemons.get(to);
        if (cut || receiver == null) {
            return chance(2);
        }
        if (faultless) {
            receiver.arrives(from, message, 0);
            return true;
        }
        if (!chance(LOST_IN)) {
            receiver.arrives(from, message, delay());
        }
        if (chance(REPEATED_IN)) {
            receiver.arrives(from, message, delay() + MOST_DELAY_MS);
        }
        return true;
    }

    private synchronized boolean chance(int in) {
        return random.nextInt(in) == 0;
    }

    private synchronized int delay() {
        return random.nextInt(MOST_DELAY_MS);
    }
}
