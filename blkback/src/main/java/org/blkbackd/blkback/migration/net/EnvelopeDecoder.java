// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.migration.net;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.ByteToMessageDecoder;
import java.util.List;
import org.blkbackd.blkback.migration.PeerMessage;
import org.blkbackd.blkback.wire.Envelope;
import org.blkbackd.blkback.wire.WireException;

/** Cuts a stream into whole envelopes, each a {@code byte[]}; one that would be too long ends the connection. */
final class EnvelopeDecoder extends ByteToMessageDecoder {

    @Override
    protected void decode(ChannelHandlerContext context, ByteBuf in, List<Object> out) throws WireException {
        if (in.readableBytes() < Envelope.HEADER_SIZE) {
            return;
        }
        int length = Envelope.length(in.nioBuffer(in.readerIndex(), Envelope.HEADER_SIZE));
        if (length > PeerMessage.MAX_BYTES) {
            throw new WireException("says that it is " + length + " bytes long, more than " + PeerMessage.MAX_BYTES);
        }
        if (in.readableBytes() >= length) {
            byte[] envelope = new byte[length];
            in.readBytes(envelope);
            out.add(envelope);
        }
    }
}
