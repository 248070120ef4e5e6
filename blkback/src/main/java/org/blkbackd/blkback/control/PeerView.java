// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.control;

import java.util.List;

/**
 * Another host that images are shared with.
 *
 * @param name    of the host
 * @param address where this host connects to it
 * @param images  patterns of the images that are shared with it
 * @param state   {@code connected}; {@code idle}: heard, and nothing to say now; {@code silent}: does not answer;
 *                {@code fenced}: the operator says that it is off; {@code unheard}: since the daemon began
 * @param heard   seconds since it was last heard, or null
 * @param daemon  version of its daemon, or null
 * @param problem why it could not be reached when that was last tried, or null
 */
public record PeerView(String name, String address, List<String> images, String state, Long heard, String daemon,
                       String problem) {
}
