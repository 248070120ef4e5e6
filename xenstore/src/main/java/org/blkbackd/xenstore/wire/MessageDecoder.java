// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.xenstore.wire;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.netty.handler.codec.CorruptedFrameException;
import java.util.List;

/**
 * Bytes to {@link Message}. A length beyond the protocol's limit is a CorruptedFrameException: nothing after it can be
 * told apart, so the rest of the stream is dropped and the connection has to be closed.
 */
public final class MessageDecoder extends ByteToMessageDecoder {

    private boolean corrupt;

    @Override
    protected void decode(ChannelHandlerContext context, ByteBuf in, List<Object> out) {
        if (corrupt) {
            in.skipBytes(in.readableBytes());
            return;
        }
        if (in.readableBytes() < Message.HEADER_BYTES) {
            return;
        }
        int start = in.readerIndex();
        long length = in.getUnsignedIntLE(start + 12);
        if (length > Message.PAYLOAD_MAX) {
            corrupt = true;
            in.skipBytes(in.readableBytes());
            throw new CorruptedFrameException("xenstore message of " + length + " bytes: the protocol allows "
                    + Message.PAYLOAD_MAX);
        }
        if (in.readableBytes() < Message.HEADER_BYTES + length) {
            return;
        }
        MessageType type = MessageType.of(in.readIntLE());
        int reqId = in.readIntLE();
        int txId = in.readIntLE();
        in.skipBytes(4);
        byte[] payload = new byte[(int) length];
        in.readBytes(payload);
        out.add(new Message(type, reqId, txId, payload));
    }
}
