// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.migration.net;

import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.DecoderException;
import io.netty.handler.ssl.NotSslRecordException;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.netty.handler.timeout.WriteTimeoutException;
import io.netty.util.concurrent.ScheduledFuture;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.cert.CertificateException;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import javax.net.ssl.SSLException;
import org.blkbackd.blkback.migration.PeerHello;
import org.blkbackd.blkback.migration.PeerMessage;
import org.blkbackd.blkback.wire.WireException;

/** One connection, either side of it: TLS, first words, then messages. Belongs to the loop. */
final class PeerConnection extends SimpleChannelInboundHandler<byte[]> {

    /** Told what becomes of it, on the loop. */
    interface Owner {

        /** Whoever it is has said so, and proven it; null to go on, or why not. */
        String greeted(PeerConnection connection);

        void received(PeerConnection connection, PeerMessage message);

        /** It is over; {@code why} is one line. */
        void ended(PeerConnection connection, String why);
    }

    /** How Java tells an alert of the other side. */
    private static final String FATAL = "fatal alert: ";
    /** RFC 8446, 6.2: those that are about certificates. */
    private static final Pattern ALERT = Pattern.compile(FATAL + "(\\w*certificate\\w*|unknown_ca|access_denied)");
    /** Names no request. */
    private static final long NO_NONCE = 0;

    private final Owner owner;
    private final PeerHello ours;
    private final PeerLimits limits;
    private final String expected;
    private Channel channel;
    private Set<String> proven;
    private PeerHello theirs;
    private ScheduledFuture<?> deadline;
    private String ending;
    private boolean forGood;
    private int version;

    /** @param expected the peer that is connected to, or null for whoever comes */
    PeerConnection(Owner owner, PeerHello ours, PeerLimits limits, String expected) {
        this.owner = owner;
        this.ours = ours;
        this.limits = limits;
        this.expected = expected;
    }

    /** The name that it has proven, once it is greeted. */
    String name() {
        return theirs.host();
    }

    String program() {
        return theirs.program();
    }

    /** For messages. */
    String address() {
        return channel == null ? "?" : String.valueOf(channel.remoteAddress()).replaceFirst("^.*/", "");
    }

    boolean isGreeted() {
        return theirs != null && ending == null;
    }

    /** It ended neither for want of a network nor of time: as both hosts are configured, it would end so again. */
    boolean isForGood() {
        return forGood;
    }

    /** This side of it could not even begin. */
    void neverBegins() {
        forGood = true;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext context) {
        channel = context.channel();
        within(limits.greetingMs(), "it has not said who it is in " + limits.greetingMs() + " ms");
    }

    private void within(long ms, String otherwise) {
        if (deadline != null) {
            deadline.cancel(false);
        }
        deadline = channel.eventLoop().schedule(() -> end(otherwise), ms, TimeUnit.MILLISECONDS);
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) throws IOException {
        if (event instanceof SslHandshakeCompletionEvent done && done.isSuccess()) {
            proven = PeerTls.names(context.pipeline().get(SslHandler.class).engine().getSession());
            if (expected != null && !proven.contains(expected.toLowerCase(Locale.ROOT))) {
                endForGood("its certificate is for " + proven + ", not for " + expected);
                return;
            }
            write(ours.encode());
        }
        context.fireUserEventTriggered(event);
    }

    @Override
    protected void channelRead0(ChannelHandlerContext context, byte[] envelope) throws WireException {
        if (ending != null) {
            return;
        }
        if (theirs == null) {
            greet(PeerHello.decode(ByteBuffer.wrap(envelope)));
            return;
        }
        PeerMessage message = PeerMessage.decode(version, ByteBuffer.wrap(envelope));
        if (message.nonce() == NO_NONCE && message.type() == PeerMessage.Type.BUSY) {
            endForGood(message.reason());
            return;
        }
        within(limits.idleMs(), "nothing to say");
        owner.received(this, message);
    }

    private void greet(PeerHello hello) {
        String refusal = ours.conflictWith(hello);
        if (refusal == null && !proven.contains(hello.host().toLowerCase(Locale.ROOT))) {
            refusal = "its certificate is for " + proven + ", not for " + hello.host() + ", as it calls itself";
        }
        if (refusal == null && expected != null && !expected.equals(hello.host())) {
            refusal = "it calls itself " + hello.host() + ", not " + expected;
        }
        version = ours.versionWith(hello);
        theirs = hello;
        if (refusal == null) {
            within(limits.idleMs(), "nothing to say");
            refusal = owner.greeted(this);
        }
        if (refusal != null) {
            refuse(refusal);
        }
    }

    /** Says why, so that the other side's administrator knows, too. */
    private void refuse(String reason) {
        int readable = Math.max(1, Math.min(version, PeerMessage.VERSION));
        write(PeerMessage.busy(NO_NONCE, ours.host() + " does not speak to this host: " + reason).encode(readable));
        endForGood(reason);
    }

    void send(PeerMessage message) {
        if (isGreeted()) {
            write(message.encode(version));
        }
    }

    private void write(byte[] envelope) {
        channel.writeAndFlush(Unpooled.wrappedBuffer(envelope)).addListener(ChannelFutureListener.CLOSE_ON_FAILURE);
    }

    private void endForGood(String why) {
        forGood = true;
        end(why);
    }

    /** After what was written so far. */
    void end(String why) {
        if (ending == null) {
            ending = why;
            if (channel != null) {
                channel.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
            }
        }
    }

    /** It was ended, perhaps before it began. */
    boolean isOver() {
        return ending != null;
    }

    /** A peer that does not read answers is not heard either. */
    @Override
    public void channelWritabilityChanged(ChannelHandlerContext context) {
        channel.config().setAutoRead(channel.isWritable());
        context.fireChannelWritabilityChanged();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable thrown) {
        if (ending == null) {
            ending = describe(thrown);
            forGood = isAboutCertificates(thrown);
        }
        context.close();
    }

    /** What either side finds wrong with the other's, as Java tells it. */
    private static boolean isAboutCertificates(Throwable thrown) {
        for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
            if (cause instanceof CertificateException
                || cause instanceof SSLException && ALERT.matcher(String.valueOf(cause.getMessage())).find()) {
                return true;
            }
        }
        return false;
    }

    private String describe(Throwable thrown) {
        Throwable cause = thrown;
        while (cause instanceof DecoderException && cause.getCause() != null) {
            cause = cause.getCause();
        }
        if (cause instanceof NotSslRecordException) {
            return "it does not speak TLS";
        }
        if (cause instanceof WriteTimeoutException) {
            return "it does not read what it is sent";
        }
        if (cause instanceof WireException) {
            return (theirs == null ? "its first words " : "what it says ") + cause.getMessage();
        }
        Throwable root = cause;
        while (root.getCause() != null && root.getCause() != root) {
            root = root.getCause();
        }
        return plain(root.getMessage() == null ? root.toString() : root.getMessage());
    }

    /** What Java's TLS says, for administrators. */
    private static String plain(String why) {
        if (why.startsWith("NotAfter:")) {
            return "its certificate has expired (" + why + ")";
        }
        if (why.contains("certification path")) {
            return "its certificate is from no authority that this host knows (" + why + ")";
        }
        if (why.contains("Empty client certificate chain")) {
            return "it has no certificate from an authority that this host knows";
        }
        int alert = why.indexOf(FATAL);
        return alert < 0 ? why : "it does not accept this host's certificate or TLS ("
            + why.substring(alert + FATAL.length()) + "); its log says why";
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        deadline.cancel(false);
        owner.ended(this, ending == null ? "it hung up" : ending);
        context.fireChannelInactive();
    }
}
