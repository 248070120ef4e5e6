// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.handover;

import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.UserPrincipal;
import jdk.net.ExtendedSocketOptions;

/** Who is at the other end of a unix socket, as the kernel says (SO_PEERCRED, unix(7)). */
final class PeerUser {

    private static final String ROOT = "0";

    private PeerUser() {
    }

    /** Accepts root and the user that this process runs as. */
    static boolean isRootOrSelf(SocketChannel channel) throws IOException {
        UserPrincipal user = channel.getOption(ExtendedSocketOptions.SO_PEERCRED).user();
        // A name of digits alone is taken for a number where no user has it for a name.
        UserPrincipal root = FileSystems.getDefault().getUserPrincipalLookupService().lookupPrincipalByName(ROOT);
        return user.equals(root) || user.equals(Files.getOwner(Path.of("/proc/self")));
    }
}
