// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.migration;

import java.util.List;
import java.util.regex.Pattern;

/**
 * Another host's daemon, as configured.
 *
 * @param name    of the host, which stands in its certificate
 * @param host    name or address to connect to
 * @param port    to connect to
 * @param images  which images are shared with it: patterns of their identities, where {@code *} is any text and
 *                {@code ?} any character
 */
public record Peer(String name, String host, int port, List<String> images) {

    /** Keeps a copy of the list. */
    public Peer {
        images = List.copyOf(images);
    }

    /** Whether it may have this image open, and may ask about it. */
    public boolean shares(String image) {
        return images.stream().anyMatch(glob -> pattern(glob).matcher(image).matches());
    }

    private static Pattern pattern(String glob) {
        StringBuilder regex = new StringBuilder();
        for (int i = 0; i < glob.length(); i++) {
            char c = glob.charAt(i);
            regex.append(c == '*' ? ".*" : c == '?' ? "." : Pattern.quote(String.valueOf(c)));
        }
        return Pattern.compile(regex.toString(), Pattern.DOTALL);
    }

    /** For messages: {@code hostb (192.0.2.2:7878)}. */
    @Override
    public String toString() {
        return name + " (" + host + ":" + port + ")";
    }
}
