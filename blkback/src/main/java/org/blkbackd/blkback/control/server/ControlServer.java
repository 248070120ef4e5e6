// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.control.server;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.socket.nio.NioServerDomainSocketChannel;
import io.netty.handler.codec.LineBasedFrameDecoder;
import io.netty.handler.timeout.WriteTimeoutHandler;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.blkbackd.blkback.control.ControlledDevices;
import org.blkbackd.blkback.control.DaemonControls;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Serves the control socket until it is closed. */
public final class ControlServer implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(ControlServer.class);
    private static final int BACKLOG = 64;

    private final SocketFile file;
    private final Doorkeeper door;
    private final Channel listening;

    private ControlServer(SocketFile file, Doorkeeper door, Channel listening) {
        this.file = file;
        this.door = door;
        this.listening = listening;
    }

    /**
     * Listens on {@code socket}.
     *
     * @param loop of one thread; the caller's to close, after this
     * @throws SocketTakenException when another daemon listens there
     * @throws IOException with a line for the administrator, for any other reason
     */
    public static ControlServer start(Path socket, ControlledDevices devices, DaemonControls daemon,
        EventLoopGroup loop) throws IOException {
        ControlLimits limits = ControlLimits.DEFAULTS;
        return start(socket, new ControlCommands(devices, daemon, limits, loop), limits, Peer.rootOrSelf(),
            loop);
    }

    static ControlServer start(Path socket, ControlCommands commands, ControlLimits limits,
        Predicate<Channel> allowed, EventLoopGroup loop) throws IOException {
        Doorkeeper door = new Doorkeeper(allowed, limits.connections());
        Channel listening = null;
        SocketFile file = SocketFile.prepare(socket);
        try {
            listening = listen(file, new ChannelInitializer<>() {
                @Override
                protected void initChannel(Channel channel) {
                    channel.pipeline().addLast(
                        new WriteTimeoutHandler(limits.write().toMillis(), TimeUnit.MILLISECONDS), door,
                        new LineBasedFrameDecoder(limits.lineBytes(), true, true),
                        new ControlConnection(commands, limits));
                }
            }, loop);
            file.publish();
            return new ControlServer(file, door, listening);
        } catch (IOException | RuntimeException e) {
            new ControlServer(file, door, listening).close();
            throw e;
        }
    }

    /** Binds {@code file} and serves each connection with what {@code connections} installs. */
    public static Channel listen(SocketFile file, ChannelInitializer<Channel> connections, EventLoopGroup loop)
        throws IOException {
        ChannelFuture bound = new ServerBootstrap().group(loop).channel(NioServerDomainSocketChannel.class)
            .option(ChannelOption.SO_BACKLOG, BACKLOG)
            .childHandler(connections).bind(file.bindAddress()).awaitUninterruptibly();
        if (!bound.isSuccess()) {
            throw new IOException(file.bindAddress() + ": " + bound.cause().getMessage(), bound.cause());
        }
        return bound.channel();
    }

    @Override
    public void close() {
        if (listening != null) {
            listening.close().awaitUninterruptibly();
        }
        door.closeAll();
        try {
            file.remove();
        } catch (IOException e) {
            LOG.warn("leaves its socket behind: {}", e.getMessage());
        }
    }
}
