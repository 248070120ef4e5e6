// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.xenstore.wire;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.EncoderException;
import io.netty.handler.codec.MessageToByteEncoder;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** {@link Message} to bytes. Refuses a payload that xenstored would drop the connection for. */
@ChannelHandler.Sharable
public final class MessageEncoder extends MessageToByteEncoder<Message> {

    public MessageEncoder() {
        super(Message.class);
    }

    @Override
    protected void encode(ChannelHandlerContext context, Message message, ByteBuf out) {
        out.writeBytes(bytes(message));
    }

    /** Header and payload in one array, for links that are no Netty channel. */
    public static byte[] bytes(Message message) {
        byte[] payload = message.payload();
        if (payload.length > Message.PAYLOAD_MAX) {
            throw new EncoderException("payload of " + payload.length + " bytes: the protocol allows "
                    + Message.PAYLOAD_MAX);
        }
        return ByteBuffer.allocate(Message.HEADER_BYTES + payload.length).order(ByteOrder.LITTLE_ENDIAN)
                .putInt(message.type().number()).putInt(message.reqId()).putInt(message.txId())
                .putInt(payload.length).put(payload).array();
    }
}
