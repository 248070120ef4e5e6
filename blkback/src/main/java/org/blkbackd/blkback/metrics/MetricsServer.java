// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.metrics;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import org.blkbackd.blkback.control.ControlledDevices;
import org.blkbackd.blkback.control.server.ControlServer;
import org.blkbackd.blkback.control.server.SocketFile;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Answers {@code GET /metrics} until it is closed. */
public final class MetricsServer implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(MetricsServer.class);
    private static final int MOST_CONNECTIONS = 16;
    private static final int MOST_BODY_BYTES = 1024;
    private static final long LIFE_MS = 15_000;
    private static final long PATIENCE_MS = 2_000;

    private final ChannelGroup connections = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE);
    private final ControlledDevices devices;
    private final EventLoopGroup loop;
    private final long lifeMs;
    private SocketFile file;
    private Channel listening;

    MetricsServer(ControlledDevices devices, EventLoopGroup loop, long lifeMs) {
        this.devices = devices;
        this.loop = loop;
        this.lifeMs = lifeMs;
    }

    /**
     * Listens on a unix socket, which only its owner can open.
     *
     * @param loop of one thread; the caller's to close, after this
     * @throws IOException with a line for the administrator
     */
    public static MetricsServer onSocket(Path socket, ControlledDevices devices, EventLoopGroup loop)
        throws IOException {
        MetricsServer server = new MetricsServer(devices, loop, LIFE_MS);
        server.file = SocketFile.prepare(socket);
        try {
            server.listening = ControlServer.listen(server.file, server.connection(), loop);
            server.file.publish();
            return server;
        } catch (IOException | RuntimeException e) {
            server.close();
            throw e;
        }
    }

    /** The same on a TCP port, which everybody on this host can open, and nobody from elsewhere. Port 0: any. */
    public static MetricsServer onPort(int port, ControlledDevices devices, EventLoopGroup loop) throws IOException {
        MetricsServer server = new MetricsServer(devices, loop, LIFE_MS);
        server.listen(port);
        return server;
    }

    void listen(int port) throws IOException {
        InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
        ChannelFuture bound = new ServerBootstrap().group(loop).channel(NioServerSocketChannel.class)
            .childHandler(connection()).bind(address).awaitUninterruptibly();
        if (!bound.isSuccess()) {
            throw new IOException(address + ": " + bound.cause().getMessage(), bound.cause());
        }
        listening = bound.channel();
    }

    /** Where it listens, on TCP. */
    InetSocketAddress address() {
        return (InetSocketAddress) listening.localAddress();
    }

    private ChannelInitializer<Channel> connection() {
        return new ChannelInitializer<>() {
            @Override
            protected void initChannel(Channel channel) {
                if (connections.size() >= MOST_CONNECTIONS) {
                    channel.close();
                    return;
                }
                connections.add(channel);
                channel.pipeline().addLast(new HttpServerCodec(), new HttpObjectAggregator(MOST_BODY_BYTES),
                    new MetricsConnection(devices, lifeMs));
            }
        };
    }

    @Override
    public void close() {
        if (listening != null) {
            listening.close().awaitUninterruptibly();
        }
        connections.close().awaitUninterruptibly(PATIENCE_MS);
        try {
            if (file != null) {
                file.remove();
            }
        } catch (IOException e) {
            LOG.warn("leaves its socket behind: {}", e.getMessage());
        }
    }
}
