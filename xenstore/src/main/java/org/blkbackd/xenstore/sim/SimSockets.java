// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.xenstore.sim;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.socket.nio.NioServerDomainSocketChannel;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.blkbackd.xenstore.wire.Message;
import org.blkbackd.xenstore.wire.MessageDecoder;
import org.blkbackd.xenstore.wire.MessageEncoder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The listening sockets, one a domain. */
final class SimSockets {

    /** What comes of the sockets, on the event loop. */
    interface Clients {
        SimConnection connected(int domid, Channel channel);

        void received(SimConnection connection, Message message);

        void disconnected(SimConnection connection);
    }

    private static final Logger LOG = LoggerFactory.getLogger(SimSockets.class);

    private final Path directory;
    private final EventLoopGroup group;
    private final Clients clients;
    private final Map<Integer, Channel> listening = new ConcurrentHashMap<>();

    SimSockets(Path directory, EventLoopGroup group, Clients clients) {
        this.directory = directory;
        this.group = group;
        this.clients = clients;
    }

    Path path(int domid) {
        return directory.resolve(domid == 0 ? "socket" : "socket." + domid);
    }

    /** Starts listening; done when the future is. Null when the domain's socket is there already. */
    ChannelFuture listen(int domid) {
        if (listening.containsKey(domid)) {
            return null;
        }
        delete(domid);
        ChannelFuture bound = new ServerBootstrap().group(group).channel(NioServerDomainSocketChannel.class)
                .childHandler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        channel.pipeline().addLast(new MessageDecoder(), new MessageEncoder(), new Client(domid));
                    }
                })
                .bind(UnixDomainSocketAddress.of(path(domid)));
        listening.put(domid, bound.channel());
        return bound;
    }

    void close(int domid) {
        Channel channel = listening.remove(domid);
        if (channel != null) {
            channel.close();
            delete(domid);
        }
    }

    void closeAll() {
        listening.keySet().forEach(this::close);
    }

    private void delete(int domid) {
        try {
            Files.deleteIfExists(path(domid));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private final class Client extends SimpleChannelInboundHandler<Message> {

        private final int domid;
        private SimConnection connection;

        Client(int domid) {
            super(Message.class);
            this.domid = domid;
        }

        @Override
        public void channelActive(ChannelHandlerContext context) {
            connection = clients.connected(domid, context.channel());
        }

        @Override
        protected void channelRead0(ChannelHandlerContext context, Message message) {
            clients.received(connection, message);
        }

        @Override
        public void channelWritabilityChanged(ChannelHandlerContext context) {
            connection.flush();
        }

        @Override
        public void channelInactive(ChannelHandlerContext context) {
            clients.disconnected(connection);
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            LOG.debug("client of domain {} dropped: {}", domid, cause.getMessage());
            context.close();
        }
    }
}
