// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.config;

import java.nio.file.Path;
import java.util.List;

/**
 * The hosts that this one shares images with, and how it speaks to them.
 *
 * @param listen      where peers connect to, {@code ADDRESS:PORT}; or {@link BlkbackConfig#NONE}
 * @param host        name of this host, in lower case; null: what the system says
 * @param certificate PEM
 * @param key         PEM
 * @param authorities PEM
 */
public record MigrationConfig(String listen, String host, Path certificate, Path key, Path authorities,
                              List<PeerConfig> peers) {

    /** No other host. */
    public static final MigrationConfig NONE = new MigrationConfig(BlkbackConfig.NONE, null,
        Path.of("/etc/blkbackd/host.pem"), Path.of("/etc/blkbackd/host.key"), Path.of("/etc/blkbackd/authorities.pem"),
        List.of());

    /** Keeps a copy of the list. */
    public MigrationConfig {
        peers = List.copyOf(peers);
    }

    /**
     * Another host.
     *
     * @param name    as in its certificate, in lower case
     * @param address {@code HOST:PORT}
     * @param images  patterns of the images that are shared with it
     */
    public record PeerConfig(String name, String address, List<String> images) {

        /** Keeps a copy of the list. */
        public PeerConfig {
            images = List.copyOf(images);
        }
    }

    /** Whether any image may be shared. */
    public boolean hasPeers() {
        return !peers.isEmpty();
    }

    /** The host of {@code HOST:PORT}, without the brackets of an IPv6 address. */
    public static String hostOf(String address) {
        return address.substring(0, address.lastIndexOf(':')).replaceAll("[\\[\\]]", "");
    }

    /** The port of {@code HOST:PORT}. */
    public static int portOf(String address) {
        return Integer.parseInt(address.substring(address.lastIndexOf(':') + 1));
    }
}
