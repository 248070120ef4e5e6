// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.control.server;

import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.util.concurrent.FastThreadLocalThread;
import java.util.concurrent.TimeUnit;

/** The one thread that serves everybody of a kind: administrators, or the daemons of other hosts. */
public final class ServerLoop implements AutoCloseable {

    private static final long GRACE_S = 5;

    private final EventLoopGroup group;

    /** For control socket and metrics. */
    public ServerLoop() {
        this("blkbackd-control");
    }

    /** Starts a thread of this name; it waits for servers. */
    public ServerLoop(String name) {
        group = new MultiThreadIoEventLoopGroup(1, work -> {
            Thread thread = new FastThreadLocalThread(work, name);
            thread.setDaemon(true);
            return thread;
        }, NioIoHandler.newFactory());
        // Netty's loop wakes once a second to look for tasks of a later time, unless there is one that it can wait for.
        group.next().schedule(() -> { }, 1000, TimeUnit.DAYS);
    }

    /** For servers to run on. */
    public EventLoopGroup group() {
        return group;
    }

    /** Ends the thread and every connection it serves. */
    @Override
    public void close() {
        group.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly(GRACE_S, TimeUnit.SECONDS);
    }
}
