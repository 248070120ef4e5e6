// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.xenstore.client;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioDomainSocketChannel;
import io.netty.util.concurrent.FastThreadLocalThread;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.blkbackd.xenstore.wire.Message;
import org.blkbackd.xenstore.wire.MessageDecoder;
import org.blkbackd.xenstore.wire.MessageEncoder;

/** xenstored's unix socket, on one Netty loop. */
final class SocketTransport implements Transport {

    /**
     * Unsent bytes beyond which a link refuses to send: a xenstored that hangs must not cost us memory. Dozens of
     * threads may each have a part of a batch ({@link Connection#PART_BYTES}) unsent before one is refused.
     */
    private static final WriteBufferWaterMark UNSENT = new WriteBufferWaterMark(256 << 10, 1 << 20);

    private final Path socket;
    private final Duration timeout;
    private final AtomicReference<Thread> thread = new AtomicReference<>();
    private final MultiThreadIoEventLoopGroup group = new MultiThreadIoEventLoopGroup(1, this::newThread,
            NioIoHandler.newFactory());

    SocketTransport(Path socket, Duration timeout) {
        this.socket = socket;
        this.timeout = timeout;
        // Netty's loop wakes once a second to look for tasks of a later time, unless there is one that it can wait for.
        group.next().schedule(() -> { }, 1000, TimeUnit.DAYS);
    }

    private Thread newThread(Runnable work) {
        // Netty's kind of thread, which its buffers are fastest on.
        Thread created = new FastThreadLocalThread(work, "xenstore-io");
        created.setDaemon(true);
        thread.set(created);
        return created;
    }

    @Override
    public Link open(Link.Inbound inbound) throws IOException {
        ChannelFuture connected = new Bootstrap().group(group).channel(NioDomainSocketChannel.class)
                .option(ChannelOption.WRITE_BUFFER_WATER_MARK, UNSENT)
                .handler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        channel.pipeline().addLast(new MessageDecoder(), new Receiver(inbound));
                    }
                })
                .connect(UnixDomainSocketAddress.of(socket));
        // From here a failure closes the channel, and the receiver reports that as lost.
        if (!connected.awaitUninterruptibly(timeout.toMillis())) {
            connected.channel().close();
            throw new IOException(socket + ": no connection after " + timeout.toMillis() + " ms");
        }
        if (!connected.isSuccess()) {
            throw new IOException(socket + ": " + connected.cause().getMessage(), connected.cause());
        }
        return new ChannelLink(connected.channel());
    }

    @Override
    public boolean onIoThread() {
        return Thread.currentThread() == thread.get();
    }

    @Override
    public void close() {
        group.shutdownGracefully(0, 2, TimeUnit.SECONDS).awaitUninterruptibly(5, TimeUnit.SECONDS);
        // The group is terminated a moment before its thread is.
        if (thread.get() != null) {
            Keeper.join(thread.get());
        }
    }

    @Override
    public String toString() {
        return socket.toString();
    }

    private record ChannelLink(Channel channel) implements Link {

        @Override
        public void send(List<Message> messages) throws IOException {
            if (!channel.isActive()) {
                throw new IOException("the connection is closed");
            }
            if (!channel.isWritable()) {
                throw new IOException("xenstored does not read its socket");
            }
            // One buffer: one hand-over to the I/O thread and one write, however many messages there are.
            channel.writeAndFlush(Unpooled.wrappedBuffer(
                    messages.stream().map(MessageEncoder::bytes).toArray(byte[][]::new)));
        }

        @Override
        public void close() {
            channel.close();
        }
    }

    private static final class Receiver extends SimpleChannelInboundHandler<Message> {

        private final Link.Inbound inbound;

        Receiver(Link.Inbound inbound) {
            super(Message.class);
            this.inbound = inbound;
        }

        @Override
        protected void channelRead0(ChannelHandlerContext context, Message message) {
            inbound.received(message);
        }

        @Override
        public void channelInactive(ChannelHandlerContext context) {
            inbound.lost("xenstored closed the connection", null);
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            inbound.lost(cause.getMessage(), cause);
            context.close();
        }
    }
}
