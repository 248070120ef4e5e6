// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.wire;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.regex.Pattern;

/**
 * What a ring is, to anybody who may have to take it up. Version 1 of the body:
 *
 * <pre>
 *  text device,  16 bytes connection,  u16 queue,  u16 queues,  u16 domid,  u16 n and n u32 ringRefs,  u32 remotePort,
 *  u8 abi,  u16 slots,  u64 sectors,  u16 sectorSize,  u8 flags: 1 read-only and 2 discard,  text target
 * </pre>
 *
 * where {@code text} is a u16 length and UTF-8.
 *
 * @param device     as the kernel names it, {@code vbd-1-51712}
 * @param connection 32 hexadecimal digits; those of one connection of the device, and of no other
 * @param queue      which of the connection's rings, from 0
 * @param queues     how many rings it has
 * @param domid      of the frontend
 * @param ringRefs   grants of the ring's pages in order: 1, 2, 4, 8 or 16
 * @param remotePort the frontend's event channel
 * @param abi        layout of a slot: 0 native, 1 x86_32
 * @param slots      of the ring, all of them that fit into its pages
 * @param sectors    size that the frontend was told, in 512-byte units
 * @param sectorSize that the frontend was told, 512 or 4096
 * @param readOnly   the disk is served read-only
 * @param discard    the frontend was told that it can discard
 * @param target     the disk's address with its options, as the toolstack wrote it
 */
public record RingRecord(String device, String connection, int queue, int queues, int domid, int[] ringRefs,
                         int remotePort, int abi, int slots, long sectors, int sectorSize, boolean readOnly,
                         boolean discard, String target) {

    /** The newest version of the format that is read, and the one that is written. */
    public static final int VERSION = 1;
    /** The most queues of one device. */
    public static final int MAX_QUEUES = 64;

    private static final Pattern DEVICE = Pattern.compile("[a-z][a-z0-9_]{0,15}-[0-9]{1,5}-[0-9]{1,10}");
    private static final Pattern CONNECTION = Pattern.compile("[0-9a-f]{32}");
    private static final int CONNECTION_SIZE = 16;
    private static final int MAX_DEVICE = 40;
    private static final int MAX_DOMID = 0x7fff;
    private static final int MAX_PAGES = 16;
    private static final int MAX_PORT = (1 << 17) - 1;
    private static final int MAX_TARGET = 4096;
    private static final int MAX_UTF8 = 3;
    private static final int PAGE_SIZE = 4096;
    private static final int RING_HEADER = 64;
    private static final int[] SLOT_SIZES = {112, 108};
    private static final int READ_ONLY = 1;
    private static final int DISCARD = 2;

    /** A whole envelope. */
    public byte[] encode() {
        try {
            check();
        } catch (WireException e) {
            throw new IllegalArgumentException("ring " + queue + " of " + device + ": " + e.getMessage(), e);
        }
        byte[] body = new WireWriter().text(device).raw(HexFormat.of().parseHex(connection)).u16(queue).u16(queues)
            .u16(domid).ints(ringRefs).u32(remotePort).u8(abi).u16(slots).u64(sectors).u16(sectorSize)
            .u8((readOnly ? READ_ONLY : 0) | (discard ? DISCARD : 0)).text(target).body();
        return Envelope.seal(Kind.RING, VERSION, body);
    }

    /** Reads the envelope at the position of {@code bytes}, which stays where it is; what follows may be anything. */
    public static RingRecord decode(ByteBuffer bytes) throws WireException {
        WireReader in = Envelope.open(Kind.RING, VERSION, bytes).reader();
        String device = in.text("device", MAX_DEVICE);
        String connection = HexFormat.of().formatHex(in.raw("connection", CONNECTION_SIZE));
        int queue = in.u16("queue");
        int queues = in.u16("queues");
        int domid = in.u16("domid");
        int[] ringRefs = in.ints("ring-refs", MAX_PAGES);
        int remotePort = (int) WireReader.number("event channel", in.u32("event channel"), 1, MAX_PORT);
        int abi = in.u8("abi");
        int slots = in.u16("slots");
        long sectors = in.u64("sectors");
        int sectorSize = in.u16("sector size");
        int flags = (int) WireReader.number("flags", in.u8("flags"), 0, READ_ONLY | DISCARD);
        RingRecord ring = new RingRecord(device, connection, queue, queues, domid, ringRefs, remotePort, abi, slots,
            sectors, sectorSize, (flags & READ_ONLY) != 0, (flags & DISCARD) != 0,
            in.text("target", MAX_TARGET * MAX_UTF8));
        in.end();
        ring.check();
        return ring;
    }

    private void check() throws WireException {
        require(DEVICE.matcher(device).matches(), "device has no name like vbd-1-51712");
        require(CONNECTION.matcher(connection).matches(), "connection is not 32 hexadecimal digits");
        WireReader.number("queues", queues, 1, MAX_QUEUES);
        WireReader.number("queue", queue, 0, queues - 1L);
        WireReader.number("domid", domid, 0, MAX_DOMID);
        WireReader.number("number of ring-refs", ringRefs.length, 1, MAX_PAGES);
        require(Integer.bitCount(ringRefs.length) == 1, "number of ring-refs is " + ringRefs.length
            + ", must be a power of two");
        WireReader.number("event channel", remotePort, 1, MAX_PORT);
        WireReader.number("abi", abi, 0, SLOT_SIZES.length - 1L);
        int fit = Integer.highestOneBit((ringRefs.length * PAGE_SIZE - RING_HEADER) / SLOT_SIZES[abi]);
        require(slots == fit, "slots is " + slots + ", must be " + fit + " in " + ringRefs.length + " pages");
        require(sectors >= 0, "sectors is " + Long.toUnsignedString(sectors) + ", which no disk has");
        require(sectorSize == 512 || sectorSize == 4096, "sector size is " + sectorSize + ", must be 512 or 4096");
        require(target.length() <= MAX_TARGET, "target is longer than " + MAX_TARGET);
    }

    private static void require(boolean holds, String otherwise) throws WireException {
        if (!holds) {
            throw new WireException(otherwise);
        }
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof RingRecord ring && device.equals(ring.device) && connection.equals(ring.connection)
            && queue == ring.queue && queues == ring.queues && domid == ring.domid
            && Arrays.equals(ringRefs, ring.ringRefs) && remotePort == ring.remotePort && abi == ring.abi
            && slots == ring.slots && sectors == ring.sectors && sectorSize == ring.sectorSize
            && readOnly == ring.readOnly && discard == ring.discard && target.equals(ring.target);
    }

    @Override
    public int hashCode() {
        return 31 * (31 * device.hashCode() + connection.hashCode()) + queue;
    }

    @Override
    public String toString() {
        return "ring " + queue + " of " + queues + " of " + device + ", domain " + domid + ", " + slots + " slots, "
            + target;
    }
}
