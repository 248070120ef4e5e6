// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.migration.net;

/**
 * What a peer, or somebody who would be one, may cost.
 *
 * @param strangers    connections at once that have not said who they are
 * @param connectMs    for a host to answer at all
 * @param greetingMs   for TLS and the first words, on both sides; Java's first connection takes its time
 * @param idleMs       from one whole message to the next; then the connection ends, and is made again when needed
 * @param writeMs      for the other side to read what it is sent
 * @param listenEveryMs between two tries to listen
 */
record PeerLimits(int strangers, long connectMs, long greetingMs, long idleMs, long writeMs, long listenEveryMs) {

    static final PeerLimits DEFAULTS = new PeerLimits(32, 4_000, 8_000, 60_000, 10_000, 2_000);
}
