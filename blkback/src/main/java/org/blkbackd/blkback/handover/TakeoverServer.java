// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.handover;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.List;
import org.blkbackd.blkback.control.server.SocketFile;
import org.blkbackd.blkback.device.HandOver;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Waits for a successor, on a thread of its own; one at a time, another waits until the first is done. */
public final class TakeoverServer implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(TakeoverServer.class);
    private static final long PAUSE_MS = 1_000;

    /** The daemon around. Called on the server's thread. */
    public interface Daemon {

        /**
         * A hand-over has ended.
         *
         * @param handedOver whether there is a successor, which serves everything
         * @param reasons    lines for an administrator, why not; empty when a check found nothing
         */
        void ended(boolean handedOver, long pid, List<String> reasons);

        /** After a hand-over: closes what a successor opens for itself. It waits for that. */
        void stepAside();

        /** After that: ends, and touches nothing any more. */
        void leave();
    }

    private final SocketFile file;
    private final ServerSocketChannel listening;
    private final HandOver devices;
    private final String program;
    private final Daemon daemon;
    private volatile Link current;
    private volatile boolean closed;

    private TakeoverServer(SocketFile file, ServerSocketChannel listening, HandOver devices, String program,
        Daemon daemon) {
        this.file = file;
        this.listening = listening;
        this.devices = devices;
        this.program = program;
        this.daemon = daemon;
    }

    /**
     * Listens on {@code socket}.
     *
     * @param program this program's version
     * @throws IOException with a line for the administrator
     */
    public static TakeoverServer start(Path socket, HandOver devices, String program, Daemon daemon)
        throws IOException {
        SocketFile file = SocketFile.prepare(socket);
        ServerSocketChannel listening = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        TakeoverServer server = new TakeoverServer(file, listening, devices, program, daemon);
        try {
            listening.bind(file.bindAddress());
            file.publish();
        } catch (IOException | RuntimeException e) {
            server.close();
            throw e;
        }
        Thread thread = new Thread(server::run, "blkbackd-takeover");
        thread.setDaemon(true);
        thread.start();
        return server;
    }

    private void run() {
        while (!closed) {
            try {
                serve(listening.accept());
            } catch (IOException | RuntimeException e) {
                if (!closed) {
                    LOG.warn("nobody can take over: {}", e.toString());
                    pause();
                }
            }
        }
    }

    private static void pause() {
        try {
            Thread.sleep(PAUSE_MS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void serve(SocketChannel channel) throws IOException {
        try (channel; Link link = new Link(channel, TakeoverLimits.DEFAULTS.hello())) {
            if (!PeerUser.isRootOrSelf(channel)) {
                LOG.warn("somebody who is not root wanted to take over");
                return;
            }
            current = link;
            Predecessor.Result result = new Predecessor(devices, TakeoverLimits.DEFAULTS, PeerProcess::of)
                .serve(link, Hello.ours(program));
            result.reasons().forEach(reason -> LOG.warn("not handed over: {}", reason));
            daemon.ended(result.handedOver(), result.pid(), result.reasons());
            if (!result.handedOver()) {
                return;
            }
            closed = true;
            close();
            daemon.stepAside();
        } finally {
            current = null;
        }
        daemon.leave();
    }

    /** Whether a successor is there. */
    public boolean isBusy() {
        return current != null;
    }

    /** Listens no more; a hand-over that is going on is given up. */
    @Override
    public void close() {
        boolean handedOver = closed;
        closed = true;
        Link busy = current;
        if (busy != null && !handedOver) {
            busy.close();
        }
        try {
            listening.close();
            file.remove();
        } catch (IOException e) {
            LOG.warn("leaves its socket behind: {}", e.getMessage());
        }
    }
}
