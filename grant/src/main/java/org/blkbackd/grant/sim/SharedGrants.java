// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.grant.sim;

/**
 * The grant table of one domain.
 *
 * <pre>
 *   ref * 64:  int state   grantee's domid : 16 | kind       0 = free
 *              int page
 *              long mapper[4] @16   owner's token : 32 | mappings : 32
 * </pre>
 *
 * <p>Granting and mapping agree as in Dekker's algorithm: a mapper enters itself, then looks at the state again;
 * whoever ends a grant changes the state, then looks for mappers. At least one of the two sees the other.
 */
final class SharedGrants {

    /** The first references belong to the domain's own tools (GNTTAB_NR_RESERVED_ENTRIES). */
    static final int FIRST = 8;
    static final int COUNT = 1 << 18;
    static final int BYTES = 64 * COUNT;

    static final int RESERVED = 1;
    static final int WRITABLE = 2;
    static final int READ_ONLY = 3;
    static final int ENDING = 4;

    /** Processes that may have mapped one grant at a time. */
    private static final int MAPPERS = 4;

    private final SharedMemory memory;
    private final int base;
    private final FreeSlots slots;

    SharedGrants(SharedMemory memory, int base, int hints) {
        this.memory = memory;
        this.base = base;
        this.slots = new FreeSlots(memory, hints, FIRST, COUNT);
    }

    static boolean isRef(int grantRef) {
        return grantRef >= FIRST && grantRef < COUNT;
    }

    static int kind(int state) {
        return state & 0xFFFF;
    }

    static int grantee(int state) {
        return state >>> 16;
    }

    static boolean isGranted(int state) {
        return kind(state) == WRITABLE || kind(state) == READ_ONLY;
    }

    int end() {
        return slots.end();
    }

    /** Returns the new reference, or -1 when the table is full. */
    int grant(int grantee, int page, boolean readOnly) {
        int grantRef = slots.claim(slot -> memory.casInt(base + 64 * slot, 0, RESERVED));
        if (grantRef >= 0) {
            memory.setInt(base + 64 * grantRef + 4, page);
            memory.setInt(base + 64 * grantRef, grantee << 16 | (readOnly ? READ_ONLY : WRITABLE));
        }
        return grantRef;
    }

    int state(int grantRef) {
        return memory.getInt(base + 64 * grantRef);
    }

    /** First half of ending a grant in state {@code state}: nobody can map it any more. False if it changed since. */
    boolean beginEnd(int grantRef, int state) {
        return memory.casInt(base + 64 * grantRef, state, ending(state));
    }

    /** Second half: frees the grant, or gives it back its {@code state} and returns false when somebody mapped it. */
    boolean finishEnd(int grantRef, int state, Members members) {
        boolean mapped = isMapped(grantRef, members);
        return memory.casInt(base + 64 * grantRef, ending(state), mapped ? state : 0) && !mapped;
    }

    int page(int grantRef) {
        return memory.getInt(base + 64 * grantRef + 4);
    }

    /** Counts one more mapping by {@code token}; false when too many other processes hold the grant. */
    boolean addMapper(int grantRef, int token, Members members) {
        for (int i = 0; i < MAPPERS; i++) {
            int offset = mapper(grantRef, i);
            long entry = memory.getLong(offset);
            while (owner(entry) == token || entry == 0 || !members.isAlive(owner(entry))) {
                long count = owner(entry) == token ? entry & 0xFFFFFFFFL : 0;
                if (memory.casLong(offset, entry, (long) token << 32 | count + 1)) {
                    return true;
                }
                entry = memory.getLong(offset);
            }
        }
        return false;
    }

    void removeMapper(int grantRef, int token) {
        for (int i = 0; i < MAPPERS; i++) {
            int offset = mapper(grantRef, i);
            long entry = memory.getLong(offset);
            while (owner(entry) == token) {
                if (memory.casLong(offset, entry, (int) entry == 1 ? 0 : entry - 1)) {
                    return;
                }
                entry = memory.getLong(offset);
            }
        }
    }

    boolean isMapped(int grantRef, Members members) {
        for (int i = 0; i < MAPPERS; i++) {
            long entry = memory.getLong(mapper(grantRef, i));
            if (entry != 0 && members.isAlive(owner(entry))) {
                return true;
            }
        }
        return false;
    }

    private static int ending(int state) {
        return state & ~0xFFFF | ENDING;
    }

    private int mapper(int grantRef, int index) {
        return base + 64 * grantRef + 16 + 8 * index;
    }

    private static int owner(long entry) {
        return (int) (entry >>> 32);
    }
}
