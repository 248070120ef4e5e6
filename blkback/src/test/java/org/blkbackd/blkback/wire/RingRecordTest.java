// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.wire;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.Test;

class RingRecordTest {

    /** What ring-1.hex holds. */
    private static final RingRecord GOLDEN = new RingRecord("vbd-7-51712", "00112233445566778899aabbccddeeff", 1, 4, 7,
        new int[] {8, 9, 0x12345678, -1}, 43, 0, 128, 0x123456789aL, 4096, true, true, "direct:/srv/größe.img");

    @Test
    void readsAndWritesTheBytesOfVersion1() throws IOException, WireException {
        byte[] golden = Golden.bytes("ring-1.hex");
        assertEquals(GOLDEN, RingRecord.decode(ByteBuffer.wrap(golden)));
        assertArrayEquals(golden, GOLDEN.encode(), () -> HexFormat.of().formatHex(GOLDEN.encode()));
    }

    @Test
    void comesBackAsItWas() throws WireException {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int i = 0; i < 2_000; i++) {
            RingRecord ring = any(random);
            RingRecord back = RingRecord.decode(ByteBuffer.wrap(ring.encode()));
            assertEquals(ring, back, "seed " + seed);
            assertEquals(ring.hashCode(), back.hashCode(), "seed " + seed);
            assertArrayEquals(ring.encode(), back.encode(), "seed " + seed);
        }
    }

    @Test
    void survivesWhateverSomebodyDoesToIt() throws WireException {
        Random random = new Random(4);
        for (int i = 0; i < 20; i++) {
            byte[] good = any(random).encode();
            HostileBytes.areSurvived(good, RingRecord::decode);
        }
    }

    /** A right checksum says only that nobody stumbled. */
    @Test
    void survivesForgedBodies() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int i = 0; i < 20_000; i++) {
            byte[] body = body(any(random));
            for (int j = 0; j <= random.nextInt(3); j++) {
                body[random.nextInt(body.length)] = (byte) random.nextInt(256);
            }
            byte[] forged = Envelope.seal(Kind.RING, 1, body);
            try {
                RingRecord accepted = RingRecord.decode(ByteBuffer.wrap(forged));
                assertArrayEquals(forged, accepted.encode(), "seed " + seed);
            } catch (WireException refused) {
                assertNotEquals("", refused.getMessage(), "seed " + seed);
            }
        }
    }

    @Test
    void refusesANewerVersion() {
        byte[] newer = Envelope.seal(Kind.RING, 2, body(GOLDEN));
        assertEquals("version 2 is newer than 1, which is the newest that this blkbackd reads: upgrade this one, or"
            + " hand over with an older one", refusal(newer));
    }

    @Test
    void refusesMoreThanItKnows() {
        byte[] body = body(GOLDEN);
        byte[] longer = Arrays.copyOf(body, body.length + 1);
        assertEquals("has 1 bytes too many", refusal(Envelope.seal(Kind.RING, 1, longer)));
    }

    @Test
    void refusesValuesOutOfTheirRange() {
        refused("device has no name like vbd-1-51712", "device", "../../etc");
        refused("device has no name like vbd-1-51712", "device", "vbd-1-51712\n");
        refused("connection is not 32 hexadecimal digits", "connection", "00");
        refused("queues is 65, must be 1 to 64", "queues", 65);
        refused("queue is 4, must be 0 to 3", "queue", 4);
        refused("domid is 32768, must be 0 to 32767", "domid", 0x8000);
        refused("number of ring-refs is 0, must be 1 to 16", "ringRefs", new int[0]);
        refused("number of ring-refs is 3, must be a power of two", "ringRefs", new int[3]);
        refused("event channel is 0, must be 1 to 131071", "remotePort", 0);
        refused("event channel is 131072, must be 1 to 131071", "remotePort", 131072);
        refused("abi is 2, must be 0 to 1", "abi", 2);
        refused("slots is 64, must be 128 in 4 pages", "slots", 64);
        refused("sectors is 18446744073709551615, which no disk has", "sectors", -1L);
        refused("sector size is 1024, must be 512 or 4096", "sectorSize", 1024);
        refused("target is longer than 4096", "target", "x".repeat(4097));
    }

    @Test
    void isAnotherWhenAnythingOfItIs() {
        for (var component : RingRecord.class.getRecordComponents()) {
            Object other = switch (component.getName()) {
                case "device" -> "vbd-8-51712";
                case "connection" -> "f".repeat(32);
                case "ringRefs" -> new int[] {8, 9, 10, 11};
                case "readOnly", "discard" -> false;
                case "sectors" -> 1L;
                case "target" -> "/b";
                default -> 0;
            };
            if (!component.getName().equals("abi")) {
                assertNotEquals(GOLDEN, with(component.getName(), other), component.getName());
            }
        }
        assertNotEquals(GOLDEN, with("abi", 1));
    }

    private static void refused(String message, String component, Object value) {
        IllegalArgumentException unwritten =
            assertThrows(IllegalArgumentException.class, () -> with(component, value).encode());
        assertEquals("ring " + with(component, value).queue() + " of " + with(component, value).device() + ": "
            + message, unwritten.getMessage());
        if (!component.equals("connection")) {
            assertThrows(WireException.class, () -> RingRecord.decode(
                ByteBuffer.wrap(Envelope.seal(Kind.RING, 1, body(with(component, value))))));
        }
    }

    private static String refusal(byte[] bytes) {
        return assertThrows(WireException.class, () -> RingRecord.decode(ByteBuffer.wrap(bytes))).getMessage();
    }

    /** The golden record with one component changed. */
    private static RingRecord with(String name, Object value) {
        try {
            var components = RingRecord.class.getRecordComponents();
            Object[] values = new Object[components.length];
            Class<?>[] types = new Class<?>[components.length];
            for (int i = 0; i < components.length; i++) {
                types[i] = components[i].getType();
                values[i] = components[i].getName().equals(name) ? value : components[i].getAccessor().invoke(GOLDEN);
            }
            return RingRecord.class.getDeclaredConstructor(types).newInstance(values);
        } catch (ReflectiveOperationException e) {
            throw new AssertionError(e);
        }
    }

    /** The layout a second time, written without its checks. */
    private static byte[] body(RingRecord ring) {
        return new WireWriter().text(ring.device()).raw(HexFormat.of().parseHex(ring.connection()))
            .u16(ring.queue()).u16(ring.queues()).u16(ring.domid()).ints(ring.ringRefs()).u32(ring.remotePort())
            .u8(ring.abi()).u16(ring.slots()).u64(ring.sectors()).u16(ring.sectorSize())
            .u8((ring.readOnly() ? 1 : 0) + (ring.discard() ? 2 : 0)).text(ring.target()).body();
    }

    private static RingRecord any(Random random) {
        int pages = 1 << random.nextInt(5);
        int abi = random.nextInt(2);
        int slots = Integer.highestOneBit((pages * 4096 - 64) / (abi == 0 ? 112 : 108));
        int queues = 1 + random.nextInt(64);
        byte[] connection = new byte[16];
        random.nextBytes(connection);
        int domid = random.nextInt(0x8000);
        return new RingRecord((random.nextBoolean() ? "vbd-" : "vbd3-") + domid + "-" + random.nextInt(1 << 30),
            HexFormat.of().formatHex(connection), random.nextInt(queues), queues, domid,
            random.ints(pages).toArray(), 1 + random.nextInt(131071), abi, slots, random.nextLong() >>> 1,
            random.nextBoolean() ? 512 : 4096, random.nextBoolean(), random.nextBoolean(),
            "direct:/" + "aé漢\uD83D\uDE00".repeat(random.nextInt(20)));
    }
}
