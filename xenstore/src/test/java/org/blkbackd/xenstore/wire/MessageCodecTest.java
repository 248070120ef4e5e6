// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.xenstore.wire;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.CorruptedFrameException;
import io.netty.handler.codec.EncoderException;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;

class MessageCodecTest {

    /** XS_WRITE (11), req_id 0x01020304, tx_id 5, 7 bytes: "/a/b", NUL, "42". */
    private static final String WRITE = "0b000000" + "04030201" + "05000000" + "07000000" + "2f612f62003432";

    /** XS_WATCH_EVENT (15), req_id 0, tx_id 0, 6 bytes: "/a", NUL, "t1", NUL. */
    private static final String EVENT = "0f000000" + "00000000" + "00000000" + "06000000" + "2f6100743100";

    private static byte[] bytes(String hex) {
        return HexFormat.of().parseHex(hex);
    }

    @Test
    void encodesTheHeaderInLittleEndian() {
        EmbeddedChannel channel = new EmbeddedChannel(new MessageEncoder());
        channel.writeOutbound(new Message(MessageType.WRITE, 0x01020304, 5, bytes("2f612f62003432")));
        ByteBuf out = channel.readOutbound();
        assertEquals(WRITE, ByteBufUtil.hexDump(out));
        out.release();
    }

    @Test
    void decodesMessagesThatArriveWhole() {
        EmbeddedChannel channel = new EmbeddedChannel(new MessageDecoder());
        channel.writeInbound(Unpooled.wrappedBuffer(bytes(WRITE + EVENT)));
        checkBoth(channel);
    }

    @Test
    void decodesMessagesThatArriveByteByByte() {
        EmbeddedChannel channel = new EmbeddedChannel(new MessageDecoder());
        for (byte b : bytes(WRITE + EVENT)) {
            channel.writeInbound(Unpooled.wrappedBuffer(new byte[] {b}));
        }
        checkBoth(channel);
    }

    private static void checkBoth(EmbeddedChannel channel) {
        Message write = channel.readInbound();
        assertEquals(MessageType.WRITE, write.type());
        assertEquals(0x01020304, write.reqId());
        assertEquals(5, write.txId());
        assertEquals("/a/b", write.text());
        assertArrayEquals(bytes("2f612f62003432"), write.payload());
        Message event = channel.readInbound();
        assertEquals(MessageType.WATCH_EVENT, event.type());
        assertEquals(List.of("/a", "t1"), event.strings());
        assertNull(channel.readInbound());
        assertTrue(!channel.finish());
    }

    @Test
    void takesPayloadsOfNothingAndOfTheMost() {
        EmbeddedChannel channel = new EmbeddedChannel(new MessageDecoder());
        channel.writeInbound(Unpooled.wrappedBuffer(bytes("02000000000000000000000000000000")));
        assertEquals(0, channel.<Message>readInbound().payload().length);
        byte[] most = new byte[16 + 4096];
        most[0] = 2;
        most[13] = 0x10;
        channel.writeInbound(Unpooled.wrappedBuffer(most));
        assertEquals(4096, channel.<Message>readInbound().payload().length);
    }

    @Test
    void refusesALongerPayloadAndAllThatFollows() {
        for (String length : List.of("01100000", "ffffffff", "00000080")) {
            EmbeddedChannel channel = new EmbeddedChannel(new MessageDecoder());
            ByteBuf bad = Unpooled.wrappedBuffer(bytes("020000000000000000000000" + length));
            CorruptedFrameException e = assertThrows(CorruptedFrameException.class, () -> channel.writeInbound(bad));
            assertTrue(e.getMessage().contains("the protocol allows 4096"), e.getMessage());
            channel.writeInbound(Unpooled.wrappedBuffer(bytes(WRITE)));
            assertNull(channel.readInbound());
        }
    }

    @Test
    void refusesToEncodeALongerPayload() {
        EmbeddedChannel channel = new EmbeddedChannel(new MessageEncoder());
        Message tooLong = new Message(MessageType.WRITE, 1, 0, new byte[4097]);
        assertThrows(EncoderException.class, () -> channel.writeOutbound(tooLong));
    }

    @Test
    void namesUnknownTypesInvalid() {
        for (String type : List.of("14000000", "17000000", "ffff0000", "ffffffff", "00000080")) {
            EmbeddedChannel channel = new EmbeddedChannel(new MessageDecoder());
            channel.writeInbound(Unpooled.wrappedBuffer(bytes(type + "070000000000000000000000")));
            Message message = channel.readInbound();
            assertEquals(MessageType.INVALID, message.type(), type);
            assertEquals(7, message.reqId());
        }
    }

    @Test
    void numbersTypesAsTheHeaderDoes() {
        assertEquals(List.of(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 21, 22, 0xffff),
                List.of(MessageType.values()).stream().map(MessageType::number).toList());
        for (MessageType type : MessageType.values()) {
            assertEquals(type, MessageType.of(type.number()));
        }
    }

    @Test
    void splitsStringsAtNulAndDropsWhatHasNone() {
        assertEquals(List.of("a", "", "b"), Message.of(MessageType.READ, 0, 0, "a", "", "b").strings());
        assertEquals(List.of("a"), new Message(MessageType.READ, 0, 0, bytes("610062")).strings());
        assertEquals(List.of(), new Message(MessageType.READ, 0, 0, new byte[0]).strings());
        assertEquals("", new Message(MessageType.READ, 0, 0, new byte[0]).text());
        assertEquals("ENOENT", Message.of(MessageType.ERROR, 0, 0, "ENOENT").text());
    }
}
