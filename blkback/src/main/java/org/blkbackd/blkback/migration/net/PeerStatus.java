// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.migration.net;

import org.blkbackd.blkback.migration.Peer;

/**
 * A peer as it was last known.
 *
 * @param state        {@code connected}, {@code idle} when it was heard and has nothing to say, {@code silent} when it
 *                     does not answer, {@code fenced} when the operator says that it is off, {@code unheard} at first
 * @param heardAgoMs   since it was last heard, or -1
 * @param program      version of its daemon, or null
 * @param problem      why it could not be reached when that was last tried, or null
 */
public record PeerStatus(Peer peer, String state, long heardAgoMs, String program, String problem) {
}
