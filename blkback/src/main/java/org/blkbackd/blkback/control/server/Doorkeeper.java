// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.control.server;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.util.function.Predicate;
import org.blkbackd.blkback.control.ControlError;
import org.blkbackd.blkback.control.ControlReply;

/** Lets in those who may come, and no more than there is room for. Runs on one loop, whose count it keeps. */
@ChannelHandler.Sharable
final class Doorkeeper extends ChannelInboundHandlerAdapter {

    private static final long PATIENCE_MS = 2_000;

    private final Predicate<Channel> allowed;
    private final int most;
    private final ChannelGroup connections = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE);
    private int inside;

    Doorkeeper(Predicate<Channel> allowed, int most) {
        this.allowed = allowed;
        this.most = most;
    }

    @Override
    public void channelActive(ChannelHandlerContext context) {
        connections.add(context.channel());
        if (inside >= most) {
            turnAway(context, ControlError.BUSY, "the daemon has " + most + " control connections already; try again");
        } else if (!allowed.test(context.channel())) {
            turnAway(context, ControlError.DENIED, "only root may control the daemon");
        } else {
            inside++;
            context.channel().closeFuture().addListener(closed -> inside--);
            context.fireChannelActive();
        }
    }

    /** Closes every connection. */
    void closeAll() {
        connections.close().awaitUninterruptibly(PATIENCE_MS);
    }

    private static void turnAway(ChannelHandlerContext context, ControlError error, String message) {
        // Nothing it sends is read, and nothing behind this handler hears of it.
        context.channel().config().setAutoRead(false);
        ControlConnection.sendAndClose(context, ControlReply.failed(error, message));
    }
}
