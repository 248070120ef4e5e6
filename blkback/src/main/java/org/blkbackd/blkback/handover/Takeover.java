// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.handover;

import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.List;
import org.blkbackd.blkback.device.HandOver;

/** A new process's way to the daemon that runs. */
public final class Takeover implements AutoCloseable {

    /** The socket's name in the daemon's runtime folder. */
    public static final String SOCKET = "takeover.sock";

    /** How it ended. */
    public enum End {
        /** This process has everything, and the old one is not there any more. */
        TAKEN_OVER,
        /** The old process died in the middle: this one has some devices, and the rest is to be recovered. */
        PREDECESSOR_DIED,
        /** The old process goes on. This one must end: the old one waits for that where something was not returned. */
        GIVEN_UP,
        /** It was only looked at. */
        CHECKED
    }

    /**
     * How and why.
     *
     * @param reasons lines for an administrator; empty where all went well, or nothing is in the way
     */
    public record Outcome(End end, List<String> reasons) {
    }

    private final Link link;

    private Takeover(Link link) {
        this.link = link;
    }

    /**
     * Connects to the daemon that listens on {@code socket}; null when none does.
     *
     * @throws IOException when somebody else listens there
     */
    public static Takeover connect(Path socket) throws IOException {
        SocketChannel channel;
        try {
            channel = SocketChannel.open(UnixDomainSocketAddress.of(socket));
        } catch (IOException e) {
            return null;
        }
        try {
            if (!PeerUser.isRootOrSelf(channel)) {
                throw new IOException(socket + " is answered by a process that is not root's");
            }
            return new Takeover(new Link(channel, TakeoverLimits.DEFAULTS.hello()));
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    /**
     * Takes everything over.
     *
     * @param devices  of this process, which has none yet
     * @param program  this program's version
     * @param becoming done when this process is the daemon, and before the old one ends
     */
    public Outcome run(HandOver devices, Examiner examiner, String program, Runnable becoming) {
        return new Successor(devices, examiner, TakeoverLimits.DEFAULTS, PeerProcess::of, becoming)
            .run(link, Hello.ours(program), false);
    }

    /** Says what would be in the way. {@code devices} is not called. */
    public Outcome check(HandOver devices, Examiner examiner, String program) {
        return new Successor(devices, examiner, TakeoverLimits.DEFAULTS, PeerProcess::of, () -> { })
            .run(link, Hello.ours(program), true);
    }

    @Override
    public void close() {
        link.close();
    }
}
