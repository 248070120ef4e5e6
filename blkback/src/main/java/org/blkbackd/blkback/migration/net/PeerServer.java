// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.migration.net;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.timeout.WriteTimeoutHandler;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.HashSet;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.blkbackd.blkback.migration.Peer;
import org.blkbackd.blkback.migration.PeerHello;
import org.blkbackd.blkback.migration.PeerMessage;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Where peers ask: one connection for each, and few for strangers. Belongs to the loop. */
final class PeerServer implements PeerConnection.Owner {

    /** Told what peers say, on the loop. */
    interface Owner {

        /** The peer of a name, or null. */
        Peer peer(String name);

        /** The peer is there. */
        void reached(Peer peer, String program);

        void asked(PeerConnection from, Peer peer, PeerMessage message);
    }

    private static final Logger LOG = LoggerFactory.getLogger(PeerServer.class);

    private final InetSocketAddress listen;
    private final PeerTls tls;
    private final PeerHello hello;
    private final PeerLimits limits;
    private final EventLoopGroup loop;
    private final Owner owner;
    private final FewLines turnedAway = new FewLines();
    private final Set<PeerConnection> strangers = new HashSet<>();
    private final TreeMap<String, PeerConnection> known = new TreeMap<>();
    private Channel listening;
    private boolean closed;
    private boolean told;

    PeerServer(InetSocketAddress listen, PeerTls tls, PeerHello hello, PeerLimits limits, EventLoopGroup loop,
        Owner owner) {
        this.listen = listen;
        this.tls = tls;
        this.hello = hello;
        this.limits = limits;
        this.loop = loop;
        this.owner = owner;
    }

    /** Listens; an address that another process still has, or this host not yet, is tried again and again. */
    void open() {
        if (closed || listening != null) {
            return;
        }
        ChannelFuture bound = new ServerBootstrap().group(loop).channel(NioServerSocketChannel.class)
            .option(ChannelOption.SO_BACKLOG, limits.strangers()).option(ChannelOption.SO_REUSEADDR, true)
            .childHandler(new ChannelInitializer<>() {
                @Override
                protected void initChannel(Channel channel) {
                    accept(channel);
                }
            }).bind(listen);
        bound.addListener(done -> {
            if (done.isSuccess()) {
                onListening(bound.channel());
            } else {
                onNotListening(done.cause().getMessage());
            }
        });
    }

    private void onListening(Channel channel) {
        if (closed) {
            channel.close();
            return;
        }
        listening = channel;
        LOG.info("migration: listens on {}", channel.localAddress());
    }

    private void onNotListening(String why) {
        if (!told) {
            told = true;
            LOG.error("migration: cannot listen on {}: {}; it is tried again, and until it works peers wait for this"
                + " host's images", listen, why);
        }
        loop.schedule(this::open, limits.listenEveryMs(), TimeUnit.MILLISECONDS);
    }

    /** Where it listens, or null. */
    InetSocketAddress address() {
        return listening == null ? null : (InetSocketAddress) listening.localAddress();
    }

    private void accept(Channel channel) {
        if (closed || strangers.size() >= limits.strangers()) {
            channel.close();
            return;
        }
        try {
            PeerConnection connection = new PeerConnection(this, hello, limits, null);
            channel.pipeline().addLast(tls.handler(true, channel.alloc()),
                new WriteTimeoutHandler(limits.writeMs(), TimeUnit.MILLISECONDS), new EnvelopeDecoder(), connection);
            strangers.add(connection);
        } catch (IOException e) {
            channel.close();
        }
    }

    @Override
    public String greeted(PeerConnection connection) {
        strangers.remove(connection);
        Peer peer = owner.peer(connection.name());
        if (peer == null) {
            return connection.name() + " is no peer of " + hello.host() + ": see migration.peers in its blkbackd.conf";
        }
        PeerConnection before = known.put(peer.name(), connection);
        if (before != null) {
            before.end("it has connected anew");
        }
        owner.reached(peer, connection.program());
        return null;
    }

    @Override
    public void received(PeerConnection from, PeerMessage message) {
        Peer peer = owner.peer(from.name());
        if (peer != null) {
            owner.asked(from, peer, message);
        }
    }

    @Override
    public void ended(PeerConnection over, String why) {
        if (strangers.remove(over) || !known.values().remove(over)) {
            turnedAway.say(line -> LOG.warn("migration: {}", line), "turned away a connection from " + over.address()
                + ": " + why);
        } else {
            LOG.debug("migration: {} ({}): {}", over.name(), over.address(), why);
        }
    }

    boolean isConnected(String name) {
        return known.containsKey(name);
    }

    void close() {
        closed = true;
        if (listening != null) {
            listening.close();
        }
        Set.copyOf(strangers).forEach(connection -> connection.end("this daemon ends"));
        Set.copyOf(known.values()).forEach(connection -> connection.end("this daemon ends"));
    }
}
