// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.migration.net;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.timeout.WriteTimeoutHandler;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.ArrayDeque;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.blkbackd.blkback.migration.Peer;
import org.blkbackd.blkback.migration.PeerHello;
import org.blkbackd.blkback.migration.PeerMessage;

/** What this host asks of one peer: a connection that is made when there is something to ask. Belongs to the loop. */
final class PeerLink implements PeerConnection.Owner {

    /** Told what comes of it, on the loop. */
    interface Owner {

        void answered(Peer peer, PeerMessage message);

        /** The peer is there. */
        void reached(Peer peer, String program);

        /** The connection broke or has ended: what was asked by it may not have been heard. */
        void lost(Peer peer, String why);

        /**
         * Nothing can be said to it now.
         *
         * @param forGood nor will be, as the two are configured
         */
        void unreachable(Peer peer, String why, boolean forGood);
    }

    private static final int MOST_WAITING = 1_000;

    private final Peer peer;
    private final PeerTls tls;
    private final PeerHello hello;
    private final PeerLimits limits;
    private final EventLoopGroup loop;
    private final Owner owner;
    private final ArrayDeque<PeerMessage> waiting = new ArrayDeque<>();
    private PeerConnection connection;
    private boolean connecting;

    PeerLink(Peer peer, PeerTls tls, PeerHello hello, PeerLimits limits, EventLoopGroup loop, Owner owner) {
        this.peer = peer;
        this.tls = tls;
        this.hello = hello;
        this.limits = limits;
        this.loop = loop;
        this.owner = owner;
    }

    boolean isUp() {
        return connection != null && connection.isGreeted();
    }

    /** Sends now, or once there is a connection. */
    void send(PeerMessage message) {
        if (isUp()) {
            connection.send(message);
            return;
        }
        if (waiting.size() == MOST_WAITING) {
            waiting.removeFirst();
        }
        waiting.add(message);
        if (!connecting) {
            connect();
        }
    }

    private void connect() {
        connecting = true;
        connection = new PeerConnection(this, hello, limits, peer.name());
        Bootstrap bootstrap;
        try {
            bootstrap = bootstrap(tls.handler(false, ByteBufAllocator.DEFAULT));
        } catch (IOException e) {
            connection.neverBegins();
            loop.execute(() -> ended(connection, e.getMessage()));
            return;
        }
        PeerConnection made = connection;
        lookUp(address -> {
            if (made.isOver() || address.isUnresolved()) {
                ended(made, "no address is known of " + peer.host());
                return;
            }
            bootstrap.connect(address).addListener((ChannelFuture done) -> {
                if (!done.isSuccess() && connecting && connection == made) {
                    ended(made, String.valueOf(done.cause().getMessage()).replaceFirst(": [^:]*/[^ ]*$", ""));
                }
            });
        });
    }

    /** Anew each time, and not on the loop: name servers may be silent, and other peers are not to wait for them. */
    private void lookUp(Consumer<InetSocketAddress> then) {
        Thread thread = new Thread(() -> {
            InetSocketAddress address = new InetSocketAddress(peer.host(), peer.port());
            try {
                loop.execute(() -> then.accept(address));
            } catch (RejectedExecutionException e) {
                // the daemon has ended meanwhile
            }
        }, "blkbackd-peer-address");
        thread.setDaemon(true);
        thread.start();
    }

    private Bootstrap bootstrap(SslHandler secure) {
        return new Bootstrap().group(loop).channel(NioSocketChannel.class)
            .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, (int) limits.connectMs())
            .handler(new ChannelInitializer<>() {
                @Override
                protected void initChannel(Channel channel) {
                    channel.pipeline().addLast(secure,
                        new WriteTimeoutHandler(limits.writeMs(), TimeUnit.MILLISECONDS), new EnvelopeDecoder(),
                        connection);
                }
            });
    }

    @Override
    public String greeted(PeerConnection greeted) {
        connecting = false;
        owner.reached(peer, greeted.program());
        while (!waiting.isEmpty()) {
            greeted.send(waiting.removeFirst());
        }
        return null;
    }

    @Override
    public void received(PeerConnection from, PeerMessage message) {
        owner.answered(peer, message);
    }

    @Override
    public void ended(PeerConnection over, String why) {
        if (over != connection) {
            return;
        }
        boolean never = connecting;
        connecting = false;
        connection = null;
        waiting.clear();
        // A connection that was there and broke is made again by who repeats what was not answered.
        if (never || over.isForGood()) {
            owner.unreachable(peer, why, over.isForGood());
        } else {
            owner.lost(peer, why);
        }
    }

    void close() {
        if (connection != null) {
            connection.end("this daemon ends");
        }
    }
}
