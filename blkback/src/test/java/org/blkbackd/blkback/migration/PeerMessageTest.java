// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.migration;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.blkbackd.blkback.device.FeatureState;
import org.blkbackd.blkback.migration.PeerMessage.Type;
import org.blkbackd.blkback.wire.Envelope;
import org.blkbackd.blkback.wire.Golden;
import org.blkbackd.blkback.wire.HostileBytes;
import org.blkbackd.blkback.wire.Kind;
import org.blkbackd.blkback.wire.WireException;
import org.blkbackd.blkback.wire.WireWriter;
import org.junit.jupiter.api.Test;

class PeerMessageTest {

    private static final FeatureState FEATURES = new FeatureState(4, 2, 256, 512, 0x123456789aL, true, "hold, serve",
        List.of("WRITE at sector 8: ENOSPC (größe)"));
    private static final PeerMessage ASKED = PeerMessage.ask(Type.RELEASE, 0x0102030405060708L, new Want("vbd-3-51712",
        "wwid:naa.6001405-größe", "3f1c0f5e-0c5a-4d6e-9f57-1d1f6f3d2a11", "xvda", true, FEATURES));
    private static final PeerHello HELLO = new PeerHello(1, 2, "hosta.example", "1.2.3-größe");

    @Test
    void readsAndWritesTheBytesOfVersion1() throws IOException, WireException {
        byte[] hello = Golden.bytes("migration-hello-1.hex");
        assertEquals(HELLO, PeerHello.decode(ByteBuffer.wrap(hello)));
        assertArrayEquals(hello, HELLO.encode());
        byte[] asked = Golden.bytes("migration-1.hex");
        assertEquals(ASKED, PeerMessage.decode(1, ByteBuffer.wrap(asked)));
        assertArrayEquals(asked, ASKED.encode(1));
    }

    @Test
    void survivesWhateverSomebodyDoesToIt() throws WireException {
        HostileBytes.areSurvived(HELLO.encode(), PeerHello::decode);
        HostileBytes.areSurvived(ASKED.encode(1), bytes -> PeerMessage.decode(1, bytes));
    }

    @Test
    void everyMessageComesBackAsItWas() throws WireException {
        String endless = "a line\nand \uD83D\uDE00".repeat(500);
        FeatureState most = new FeatureState(16, 1024, 65535, 65535, Long.MAX_VALUE, false, endless,
            Collections.nCopies(100, endless));
        Want want = new Want("vbd-1-1", "i".repeat(1000), "", "", false, FEATURES);
        for (PeerMessage message : List.of(ASKED, PeerMessage.ask(Type.QUERY, -1, want), PeerMessage.unknown(7),
            PeerMessage.busy(Long.MIN_VALUE, endless), PeerMessage.released(0, most),
            PeerMessage.about(Type.CONFIRM, 1, "x"), PeerMessage.about(Type.ABORT, 2, "y"))) {
            byte[] bytes = message.encode(1);
            assertTrue(bytes.length <= PeerMessage.MAX_BYTES, message.type() + " has " + bytes.length + " bytes");
            assertEquals(message, PeerMessage.decode(1, ByteBuffer.wrap(bytes)));
            assertFalse(message.reason().contains("\n"));
        }
    }

    @Test
    void survivesForgedBodies() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int i = 0; i < 30_000; i++) {
            byte[] good = i % 2 == 0 ? HELLO.encode() : ASKED.encode(1);
            byte[] body = HostileBytes.forgedBody(good, random);
            ByteBuffer bytes = ByteBuffer.wrap(Envelope.seal(Kind.MIGRATION, 1, body));
            try {
                if (i % 2 == 0) {
                    PeerHello.decode(bytes);
                } else {
                    PeerMessage.decode(1, bytes).encode(1);
                }
            } catch (WireException refused) {
                assertFalse(refused.getMessage().isEmpty(), "seed " + seed);
            }
        }
    }

    @Test
    void refusesWhatMakesNoSense() {
        assertEquals("is a message of type 99, which there is not", refusal(body(99, 0, "x")));
        assertEquals("is a message of type 1, which there is not", refusal(body(1, 0, "x")));
        assertEquals("is a release without features", refusal(body(2, 0, "x")));
        assertEquals("is a confirm of no image", refusal(body(6, 0, "")));
        assertEquals("is a unknown of an image", refusal(body(5, 0, "x")));
        assertEquals("flags is 8, must be 0 to 7", refusal(body(5, 8, "")));
        assertEquals("has 1 bytes too many", refusal(body(5, 0, "").u8(0)));
    }

    @Test
    void versionsThatOverlapGoTogetherAndOthersSayWhatToDo() {
        PeerHello old = new PeerHello(1, 1, "hosta", "1.0");
        PeerHello later = new PeerHello(1, 3, "hostb", "2.0");
        PeerHello latest = new PeerHello(2, 3, "hostc", "3.0");
        assertNull(old.conflictWith(later));
        assertNull(later.conflictWith(latest));
        assertEquals(1, old.versionWith(later));
        assertEquals(3, later.versionWith(latest));
        assertEquals("blkbackd 1.0 on hosta reads messages of version 1 to 1, and blkbackd 3.0 on hostc of 2 to 3:"
            + " upgrade the older one", old.conflictWith(latest));
        assertFalse(latest.conflictWith(old) == null);
    }

    private static WireWriter body(int type, int flags, String image) {
        return new WireWriter().u8(type).u8(flags).u64(1).text(image).text("").text("").text("");
    }

    private static String refusal(WireWriter body) {
        byte[] bytes = Envelope.seal(Kind.MIGRATION, 1, body.body());
        return assertThrows(WireException.class, () -> PeerMessage.decode(1, ByteBuffer.wrap(bytes))).getMessage();
    }
}
