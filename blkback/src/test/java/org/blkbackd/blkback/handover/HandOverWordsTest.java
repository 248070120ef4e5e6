// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.handover;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Random;
import org.blkbackd.blkback.handover.Hello.Formats;
import org.blkbackd.blkback.wire.Envelope;
import org.blkbackd.blkback.wire.Golden;
import org.blkbackd.blkback.wire.HostileBytes;
import org.blkbackd.blkback.wire.Kind;
import org.blkbackd.blkback.wire.WireException;
import org.blkbackd.blkback.wire.WireWriter;
import org.junit.jupiter.api.Test;

class HandOverWordsTest {

    private static final Hello HELLO = new Hello("1.2.3-größe", 4194303, new Formats(1, 2, 3), new Formats(4, 5, 6));
    private static final Message CANDIDATE = new Message(Message.Type.CANDIDATE, true, "vbd-3-51712",
        "direct:/srv/größe.img", "its image is on a dead server");

    @Test
    void readsAndWritesTheBytesOfVersion1() throws IOException, WireException {
        byte[] hello = Golden.bytes("hello-1.hex");
        assertEquals(HELLO, Hello.decode(ByteBuffer.wrap(hello)));
        assertArrayEquals(hello, HELLO.encode());
        byte[] candidate = Golden.bytes("takeover-1.hex");
        assertEquals(CANDIDATE, Message.decode(1, ByteBuffer.wrap(candidate)));
        assertArrayEquals(candidate, CANDIDATE.encode(1));
    }

    @Test
    void survivesWhateverSomebodyDoesToIt() throws WireException {
        HostileBytes.areSurvived(HELLO.encode(), Hello::decode);
        HostileBytes.areSurvived(CANDIDATE.encode(1), bytes -> Message.decode(1, bytes));
    }

    @Test
    void everyMessageComesBackAsItWas() throws WireException {
        for (Message.Type type : Message.Type.values()) {
            for (Message message : new Message[] {Message.of(type), Message.about(type, "vbd3-32767-2147483647"),
                Message.because(type, "a line\nand \uD83D\uDE00".repeat(500))}) {
                byte[] bytes = message.encode(1);
                try {
                    assertEquals(message, Message.decode(1, ByteBuffer.wrap(bytes)));
                } catch (WireException e) {
                    assertEquals(type + " is about no device that there can be", e.getMessage());
                }
            }
        }
    }

    @Test
    void survivesForgedBodies() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int i = 0; i < 20_000; i++) {
            byte[] good = i % 2 == 0 ? HELLO.encode() : CANDIDATE.encode(1);
            byte[] body = HostileBytes.forgedBody(good, random);
            ByteBuffer hello = ByteBuffer.wrap(Envelope.seal(Kind.HELLO, 1, body));
            ByteBuffer message = ByteBuffer.wrap(Envelope.seal(Kind.TAKEOVER, 1, body));
            try {
                Hello.decode(hello);
                Message.decode(1, message);
            } catch (WireException refused) {
                assertEquals(false, refused.getMessage().isEmpty(), "seed " + seed);
            }
        }
    }

    @Test
    void refusesWhatItDoesNotKnow() {
        byte[] newer = Envelope.seal(Kind.TAKEOVER, 2, new byte[0]);
        assertEquals("version 2 is newer than 1, which is the newest that this blkbackd reads: upgrade this one, or"
            + " hand over with an older one", refusal(newer));
        assertEquals("is a message of type 99, which there is not",
            refusal(Envelope.seal(Kind.TAKEOVER, 1, new WireWriter().u8(99).u8(0).u16(0).u16(0).u16(0).body())));
        assertEquals("release is about no device that there can be", refusal(Message.about(Message.Type.RELEASE,
            "../etc").encode(1)));
        assertEquals("has 1 bytes too many", refusal(Envelope.seal(Kind.TAKEOVER, 1,
            new WireWriter().u8(1).u8(0).u16(0).u16(0).u16(0).u8(0).body())));
    }

    @Test
    void versionsThatOverlapGoTogetherBothWays() {
        Hello old = new Hello("1.0", 1, new Formats(1, 1, 1), new Formats(1, 1, 1));
        Hello later = new Hello("2.0", 2, new Formats(1, 2, 1), new Formats(1, 3, 3));
        assertNull(Hello.conflict(old, later));
        assertNull(Hello.conflict(later, old));
        assertEquals(1, Hello.version(old, later));
    }

    @Test
    void versionsThatDoNotOverlapSayWhatToDo() {
        Hello old = new Hello("1.0", 1, new Formats(1, 1, 1), new Formats(1, 1, 1));
        Hello later = new Hello("3.0", 2, new Formats(2, 3, 2), new Formats(1, 1, 1));
        Hello chatty = new Hello("4.0", 2, new Formats(1, 1, 1), new Formats(2, 2, 2));
        assertEquals("blkbackd 3.0 reads journals of version 2 to 3, and blkbackd 1.0 has version 1: go by way of a"
            + " version between the two, or restart", Hello.conflict(old, later));
        assertEquals("blkbackd 1.0 reads journals of version 1 to 1, and blkbackd 3.0 has version 2: go by way of a"
            + " version between the two, or restart", Hello.conflict(later, old));
        assertEquals("blkbackd 4.0 reads hand-over messages of version 2 to 2, and blkbackd 1.0 has version 1: go by"
            + " way of a version between the two, or restart", Hello.conflict(old, chatty));
        assertEquals(Hello.conflict(old, chatty), Hello.conflict(chatty, old));
    }

    private static String refusal(byte[] bytes) {
        return assertThrows(WireException.class, () -> Message.decode(1, ByteBuffer.wrap(bytes))).getMessage();
    }
}
