// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.control.server;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.TooLongFrameException;
import io.netty.util.concurrent.ScheduledFuture;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import org.blkbackd.blkback.control.ControlCodec;
import org.blkbackd.blkback.control.ControlError;
import org.blkbackd.blkback.control.ControlReply;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One client: a line in, a line out, in turn. The time for a line runs from the last reply and is not prolonged by
 * single bytes. Belongs to the server's loop.
 */
final class ControlConnection extends SimpleChannelInboundHandler<ByteBuf> {

    private static final Logger LOG = LoggerFactory.getLogger(ControlConnection.class);

    private final ControlCommands commands;
    private final ControlLimits limits;
    private ScheduledFuture<?> deadline;
    private boolean answering;
    private boolean refused;

    ControlConnection(ControlCommands commands, ControlLimits limits) {
        this.commands = commands;
        this.limits = limits;
    }

    @Override
    public void channelActive(ChannelHandlerContext context) {
        expectRequest(context);
        context.fireChannelActive();
    }

    private void expectRequest(ChannelHandlerContext context) {
        answering = false;
        deadline = context.executor().schedule(() -> {
            context.close();
        }, limits.request().toMillis(), TimeUnit.MILLISECONDS);
        context.channel().config().setAutoRead(true);
    }

    @Override
    protected void channelRead0(ChannelHandlerContext context, ByteBuf line) {
        if (refused) {
            return;
        }
        if (answering) {
            refuse(context, "a request came before the last one was answered");
            return;
        }
        answering = true;
        deadline.cancel(false);
        // What a client sends meanwhile stays in its own socket buffer.
        context.channel().config().setAutoRead(false);
        commands.answer(line.toString(StandardCharsets.UTF_8))
            .thenAcceptAsync(reply -> send(context, reply), context.executor());
    }

    private void send(ChannelHandlerContext context, ControlReply reply) {
        if (refused) {
            return;
        }
        context.writeAndFlush(encoded(context, reply)).addListener(written -> {
            if (written.isSuccess()) {
                expectRequest(context);
            } else {
                context.close();
            }
        });
    }

    /** The last word to a client. */
    static void sendAndClose(ChannelHandlerContext context, ControlReply reply) {
        context.writeAndFlush(encoded(context, reply)).addListener(ChannelFutureListener.CLOSE);
    }

    private static ByteBuf encoded(ChannelHandlerContext context, ControlReply reply) {
        byte[] line = (ControlCodec.write(reply) + "\n").getBytes(StandardCharsets.UTF_8);
        return context.alloc().buffer(line.length).writeBytes(line);
    }

    /** Once: what was read along with the line at fault may hold thousands more. */
    private void refuse(ChannelHandlerContext context, String why) {
        refused = true;
        context.channel().config().setAutoRead(false);
        sendAndClose(context, ControlReply.failed(ControlError.BAD_REQUEST, why));
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        if (cause instanceof TooLongFrameException) {
            if (!refused) {
                refuse(context, "a request is a line of at most " + limits.lineBytes() + " bytes");
            }
            return;
        }
        LOG.debug("a control connection ends: {}", cause.toString());
        context.close();
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        if (deadline != null) {
            deadline.cancel(false);
        }
        context.fireChannelInactive();
    }
}
