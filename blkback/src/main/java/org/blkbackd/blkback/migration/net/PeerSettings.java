// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.migration.net;

import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.List;
import org.blkbackd.blkback.migration.Peer;

/**
 * What this host's side of the conversation needs.
 *
 * @param host        name of this host, which stands in its certificate
 * @param program     version of this daemon, for messages
 * @param listen      where peers connect to
 * @param certificate of this host, and what leads from it to an authority; PEM
 * @param key         of that certificate; PKCS#8 in PEM, not encrypted
 * @param authorities whose signatures count on peers' certificates; PEM
 */
public record PeerSettings(String host, String program, InetSocketAddress listen, Path certificate, Path key,
                           Path authorities, List<Peer> peers) {
}
