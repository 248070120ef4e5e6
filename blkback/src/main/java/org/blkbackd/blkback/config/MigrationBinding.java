// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.config;

import com.typesafe.config.ConfigList;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueType;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import org.blkbackd.blkback.config.MigrationConfig.PeerConfig;

/** Takes the {@code migration} section out of parsed settings: types, values, and what goes with what. */
final class MigrationBinding {

    static final String ALLOWED = "{ listen = ADDRESS:PORT, peers = [{ name = ..., address = HOST:PORT }] }";

    private static final String SECTION = "migration";
    private static final List<String> KEYS = List.of("listen", "host", "certificate", "key", "authorities", "peers");
    private static final List<String> PEER_KEYS = List.of("name", "address", "images");
    private static final Pattern ADDRESS = Pattern.compile("(\\[[0-9a-fA-F:.]{2,45}]|[0-9A-Za-z.-]{1,253}):[0-9]{1,5}");
    private static final Pattern NAME = Pattern.compile("[0-9A-Za-z]([0-9A-Za-z.-]{0,251}[0-9A-Za-z])?");
    private static final Pattern FILE = Pattern.compile("/[ -~]{1,4000}");
    private static final Pattern IMAGE = Pattern.compile("[!-~]{1,1000}");
    private static final int MOST_PEERS = 64;
    private static final int MOST_PORT = 65535;
    private static final String A_NAME = "the name of a host";
    private static final String AN_ADDRESS = "HOST:PORT";
    private static final String A_FILE = "an absolute path";

    private final Problems problems;

    MigrationBinding(Problems problems) {
        this.problems = problems;
    }

    /** @param value of the key, or null */
    MigrationConfig bind(ConfigValue value) {
        MigrationConfig defaults = MigrationConfig.NONE;
        if (!(value instanceof ConfigObject section)) {
            if (value != null) {
                problems.add(SECTION, value, "must be " + ALLOWED);
            }
            return defaults;
        }
        refuseUnknown(SECTION, section, KEYS);
        String listen = text(section, SECTION, "listen", ADDRESS, "ADDRESS:PORT or none", defaults.listen());
        String host = text(section, SECTION, "host", NAME, A_NAME, null);
        Path certificate = path(section, "certificate", defaults.certificate());
        Path key = path(section, "key", defaults.key());
        Path authorities = path(section, "authorities", defaults.authorities());
        List<PeerConfig> peers = peers(section.get("peers"), lower(host));
        if (listen.equals(BlkbackConfig.NONE) && !peers.isEmpty()) {
            problems.add(SECTION, value, "has peers and no listen: they could not ask this host");
        }
        if (!listen.equals(BlkbackConfig.NONE) && section.get("peers") == null) {
            problems.add(SECTION, value, "has listen and no peers: nobody may ask this host");
        }
        return new MigrationConfig(listen, lower(host), certificate, key, authorities, peers);
    }

    private static String lower(String host) {
        return host == null ? null : host.toLowerCase(Locale.ROOT);
    }

    private Path path(ConfigObject section, String key, Path fallback) {
        return Path.of(text(section, SECTION, key, FILE, A_FILE, fallback.toString()));
    }

    private List<PeerConfig> peers(ConfigValue value, String host) {
        List<PeerConfig> peers = new ArrayList<>();
        if (value == null) {
            return peers;
        }
        if (!(value instanceof ConfigList list) || list.isEmpty() || list.size() > MOST_PEERS) {
            problems.add(SECTION + ".peers", value, "must be a list of 1 to " + MOST_PEERS
                + " of { name = ..., address = HOST:PORT, images = [...] }");
            return peers;
        }
        Set<String> names = new HashSet<>();
        for (int i = 0; i < list.size(); i++) {
            String where = SECTION + ".peers[" + i + "]";
            PeerConfig peer = peer(where, list.get(i));
            if (peer == null) {
                continue;
            }
            if (peer.name().equals(host) || !names.add(peer.name())) {
                problems.add(where, list.get(i), "must have a name that neither this host nor another peer has");
            }
            peers.add(peer);
        }
        return peers;
    }

    private PeerConfig peer(String where, ConfigValue value) {
        if (!(value instanceof ConfigObject peer)) {
            problems.add(where, value, "must be { name = ..., address = HOST:PORT, images = [...] }");
            return null;
        }
        refuseUnknown(where, peer, PEER_KEYS);
        for (String needed : List.of("name", "address")) {
            if (!peer.containsKey(needed)) {
                problems.add(where, value, "must have a key " + needed);
                return null;
            }
        }
        String name = text(peer, where, "name", NAME, A_NAME, null);
        String address = text(peer, where, "address", ADDRESS, AN_ADDRESS, null);
        List<String> images = images(where, peer.get("images"));
        return name == null || address == null ? null : new PeerConfig(lower(name), address, images);
    }

    private List<String> images(String where, ConfigValue value) {
        List<String> images = new ArrayList<>();
        if (value == null) {
            return List.of("*");
        }
        if (value instanceof ConfigList list && !list.isEmpty()) {
            for (ConfigValue image : list) {
                if (image.valueType() == ConfigValueType.STRING && IMAGE.matcher(image.unwrapped().toString())
                    .matches()) {
                    images.add(image.unwrapped().toString());
                }
            }
            if (images.size() == list.size()) {
                return images;
            }
        }
        problems.add(where + ".images", value, "must be a list of patterns, as [\"wwid:*\", \"name:shared-*\"]");
        return images;
    }

    /** The word {@code none} is an address for listen alone, whose default it is. */
    private String text(ConfigObject section, String where, String key, Pattern allowed, String words,
        String fallback) {
        ConfigValue value = section.get(key);
        if (value == null) {
            return fallback;
        }
        String text = value.valueType() == ConfigValueType.STRING ? (String) value.unwrapped() : "";
        boolean fine = allowed.matcher(text).matches() && (allowed != ADDRESS || isPort(text))
            || text.equals(fallback);
        if (!fine) {
            problems.add(where + "." + key, value, "must be " + words);
        }
        return fine ? text : fallback;
    }

    private static boolean isPort(String address) {
        int port = MigrationConfig.portOf(address);
        return port >= 1 && port <= MOST_PORT;
    }

    private void refuseUnknown(String where, ConfigObject section, List<String> known) {
        section.forEach((key, value) -> {
            if (!known.contains(key)) {
                String near = NearMiss.of(key, known);
                problems.add(where + "." + key, value, "there is no such key; " + (near == null
                    ? "known are " + String.join(", ", known) : "did you mean " + near + "?"));
            }
        });
    }
}
