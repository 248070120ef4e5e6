// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.metrics;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.blkbackd.blkback.control.ControlledDevices;
import org.blkbackd.blkback.control.DeviceStats;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One question over HTTP; the connection ends with its answer, or with its time. Belongs to the server's loop. */
final class MetricsConnection extends SimpleChannelInboundHandler<FullHttpRequest> {

    private static final Logger LOG = LoggerFactory.getLogger(MetricsConnection.class);
    private static final String PATH = "/metrics";
    private static final String PLAIN = "text/plain; charset=utf-8";
    private static final long ANSWER_MS = 5_000;

    private final ControlledDevices devices;
    private final long lifeMs;
    private boolean asked;

    /** @param lifeMs how long a connection may take, whatever it does meanwhile */
    MetricsConnection(ControlledDevices devices, long lifeMs) {
        this.devices = devices;
        this.lifeMs = lifeMs;
    }

    @Override
    public void channelActive(ChannelHandlerContext context) {
        Runnable end = context::close;
        context.executor().schedule(end, lifeMs, TimeUnit.MILLISECONDS);
        context.fireChannelActive();
    }

    @Override
    protected void channelRead0(ChannelHandlerContext context, FullHttpRequest request) {
        if (asked) {
            return;
        }
        asked = true;
        if (request.decoderResult().isFailure()) {
            say(context, HttpResponseStatus.BAD_REQUEST, "no HTTP");
        } else if (!request.uri().equals(PATH)) {
            say(context, HttpResponseStatus.NOT_FOUND, "see " + PATH);
        } else if (!request.method().equals(HttpMethod.GET)) {
            say(context, HttpResponseStatus.METHOD_NOT_ALLOWED, "only GET");
        } else {
            devices.stats().orTimeout(ANSWER_MS, TimeUnit.MILLISECONDS)
                .whenCompleteAsync((stats, failure) -> answer(context, stats, failure), context.executor());
        }
    }

    private static void answer(ChannelHandlerContext context, List<DeviceStats> stats, Throwable failure) {
        if (failure != null) {
            say(context, HttpResponseStatus.SERVICE_UNAVAILABLE, "the daemon is busy");
            return;
        }
        try {
            send(context, HttpResponseStatus.OK, MetricsText.CONTENT_TYPE, MetricsText.of(stats));
        } catch (IOException | RuntimeException e) {
            LOG.error("a fault of blkbackd itself, in the metrics; disks go on", e);
            say(context, HttpResponseStatus.INTERNAL_SERVER_ERROR, "see the daemon's log");
        }
    }

    private static void say(ChannelHandlerContext context, HttpResponseStatus status, String text) {
        send(context, status, PLAIN, (text + "\n").getBytes(StandardCharsets.UTF_8));
    }

    private static void send(ChannelHandlerContext context, HttpResponseStatus status, String type, byte[] body) {
        ByteBuf content = Unpooled.wrappedBuffer(body);
        FullHttpResponse response = new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, status, content);
        response.headers().set(HttpHeaderNames.CONTENT_TYPE, type)
            .set(HttpHeaderNames.CONTENT_LENGTH, body.length)
            .set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
        context.writeAndFlush(response).addListener(ChannelFutureListener.CLOSE);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        LOG.debug("a metrics connection ends: {}", cause.toString());
        context.close();
    }
}
