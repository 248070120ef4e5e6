// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.control.server;

import io.netty.channel.Channel;
import io.netty.channel.socket.nio.NioChannelOption;
import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.UserPrincipal;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import jdk.net.ExtendedSocketOptions;
import jdk.net.UnixDomainPrincipal;

/** Who is at the other end of a unix socket, as the kernel says (SO_PEERCRED, unix(7)). */
public final class Peer {

    private static final String ROOT = "0";

    private Peer() {
    }

    /** Accepts root and the user that this process runs as. */
    public static Predicate<Channel> rootOrSelf() throws IOException {
        // A name of digits alone is taken for a number where no user has it for a name.
        UserPrincipal root = FileSystems.getDefault().getUserPrincipalLookupService().lookupPrincipalByName(ROOT);
        return anyOf(new HashSet<>(List.of(root, Files.getOwner(Path.of("/proc/self")))));
    }

    static Predicate<Channel> anyOf(Set<UserPrincipal> users) {
        return channel -> {
            UnixDomainPrincipal peer = channel.config()
                .getOption(NioChannelOption.of(ExtendedSocketOptions.SO_PEERCRED));
            return peer != null && users.contains(peer.user());
        };
    }
}
