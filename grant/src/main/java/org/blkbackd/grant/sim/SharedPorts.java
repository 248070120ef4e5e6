// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.grant.sim;

/**
 * The event-channel ports of one domain. Pending and mask bits work as in Xen's shared_info: a port is delivered while
 * it is pending and not masked.
 *
 * <pre>
 *   port * 16:  long link (PortLink) | int owner's token | int owner's handle
 *   then:       long pending[COUNT / 64], long masked[COUNT / 64]
 * </pre>
 */
final class SharedPorts {

    static final int COUNT = 8192;
    static final int WORDS = COUNT / 64;
    static final int BYTES = 16 * COUNT + 2 * 8 * WORDS;

    private static final int PENDING = 16 * COUNT;
    private static final int MASKED = PENDING + 8 * WORDS;

    private final SharedMemory memory;
    private final int base;
    private final FreeSlots slots;

    /** Port 0 is never used: Linux takes it for "no port". */
    SharedPorts(SharedMemory memory, int base, int hints) {
        this.memory = memory;
        this.base = base;
        this.slots = new FreeSlots(memory, hints, 1, COUNT);
    }

    static boolean isPort(int port) {
        return port > 0 && port < COUNT;
    }

    int end() {
        return slots.end();
    }

    /** Claims a port, in state RESERVED and neither pending nor masked; -1 when there is none. */
    int allocate(int token, int handle) {
        int port = slots.claim(slot -> {
            long link = link(slot);
            return PortLink.state(link) == PortLink.FREE && casLink(slot, link, PortLink.reserved(link, token));
        });
        if (port >= 0) {
            memory.clearBits(base + PENDING + word(port), bit(port));
            memory.clearBits(base + MASKED + word(port), bit(port));
            memory.setInt(base + 16 * port + 8, token);
            memory.setInt(base + 16 * port + 12, handle);
        }
        return port;
    }

    long link(int port) {
        return memory.getLong(base + 16 * port);
    }

    boolean casLink(int port, long expected, long link) {
        return memory.casLong(base + 16 * port, expected, link);
    }

    /** Of a port whose link is {@code link}. */
    int owner(int port, long link) {
        return PortLink.state(link) == PortLink.RESERVED ? PortLink.token(link) : memory.getInt(base + 16 * port + 8);
    }

    int handle(int port) {
        return memory.getInt(base + 16 * port + 12);
    }

    /** Makes {@code port} pending and returns whether its owner must be woken. */
    boolean raise(int port) {
        memory.setBits(base + PENDING + word(port), bit(port));
        // Pairs with unmask: one of the two sees the other's bit, so an event during the unmasking wakes somebody.
        return (memory.getLong(base + MASKED + word(port)) & bit(port)) == 0;
    }

    /** Returns whether {@code port} became pending while it was masked. */
    boolean unmask(int port) {
        memory.clearBits(base + MASKED + word(port), bit(port));
        return (memory.getLong(base + PENDING + word(port)) & bit(port)) != 0;
    }

    /** Ports of one word that are to be delivered. */
    long deliverable(int word) {
        return memory.getLong(base + PENDING + 8 * word) & ~memory.getLong(base + MASKED + 8 * word);
    }

    /** Masks first: an event that comes in between is then kept for unmask, or is seen by who handles this one. */
    void take(int port) {
        memory.setBits(base + MASKED + word(port), bit(port));
        memory.clearBits(base + PENDING + word(port), bit(port));
    }

    private static int word(int port) {
        return port >> 6 << 3;
    }

    private static long bit(int port) {
        return 1L << port;
    }
}
