// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.grant.sim;

/**
 * Failures on demand, kept in the folder: any process may set them, and they strike in every process.
 *
 * <pre>
 *   int entries in use | int x 7 unused | entry[ENTRIES]: int kind (0 free) | int domid | int ref | int result
 *                                                         | int calls to spare | int times left (-1 = for ever)
 * </pre>
 */
public final class SimFaults {

    /** Calls that can fail as a whole. */
    public enum Call { MAP, COPY, BIND }

    /** Number of times: until {@link #clear}. */
    public static final int FOREVER = -1;

    static final int BYTES = 8192;

    private static final int ENTRY_BYTES = 32;
    private static final int ENTRIES = BYTES / ENTRY_BYTES - 1;
    private static final int RESERVED = -1;
    private static final int MAP_OF_REF = 1;
    private static final int COPY_OF_REF = 2;
    private static final int CALL = 3;

    private final SharedMemory memory;
    private final int base;

    SimFaults(SharedMemory memory, int base) {
        this.memory = memory;
        this.base = base;
    }

    /** The next {@code times} maps that include this grant fail with {@code errno} (positive). */
    public void failMap(int domid, int grantRef, int errno, int times) {
        add(MAP_OF_REF, domid, grantRef, errno, 0, times);
    }

    /** The next {@code times} copy segments that name this grant get {@code status} (negative, GNTST_*). */
    public void failCopy(int domid, int grantRef, int status, int times) {
        add(COPY_OF_REF, domid, grantRef, status, 0, times);
    }

    /** The next {@code call} fails as a whole with {@code errno} (positive). */
    public void failNext(Call call, int errno) {
        failCalls(call, 1, errno, 1);
    }

    /** The {@code nth} call from now (1 = the next) and the {@code times - 1} after it fail with {@code errno}. */
    public void failCalls(Call call, int nth, int errno, int times) {
        if (nth < 1) {
            throw new IllegalArgumentException("the nth call counts from 1, not " + nth);
        }
        add(CALL + call.ordinal(), 0, 0, errno, nth - 1, times);
    }

    /** Forgets all faults. */
    public void clear() {
        for (int i = 0; i < ENTRIES; i++) {
            int kind = memory.getInt(entry(i));
            if (kind != 0) {
                remove(i, kind);
            }
        }
    }

    /** Errno for mapping this grant now; 0 = no fault. */
    int ofMap(int domid, int grantRef) {
        return any() ? take(MAP_OF_REF, domid, grantRef) : 0;
    }

    /** Status for copying this grant now; 0 = no fault. */
    int ofCopy(int domid, int grantRef) {
        return any() ? take(COPY_OF_REF, domid, grantRef) : 0;
    }

    /** Errno for this call as a whole; 0 = no fault. */
    int ofCall(Call call) {
        return any() ? take(CALL + call.ordinal(), 0, 0) : 0;
    }

    private boolean any() {
        return memory.getInt(base) != 0;
    }

    private void add(int kind, int domid, int grantRef, int result, int spare, int times) {
        if (times < 1 && times != FOREVER) {
            throw new IllegalArgumentException("a fault strikes once or more, not " + times);
        }
        for (int i = 0; i < ENTRIES; i++) {
            int entry = entry(i);
            if (memory.casInt(entry, 0, RESERVED)) {
                memory.setInt(entry + 4, domid);
                memory.setInt(entry + 8, grantRef);
                memory.setInt(entry + 12, result);
                memory.setInt(entry + 16, spare);
                memory.setInt(entry + 20, times);
                memory.addInt(base, 1);
                memory.setInt(entry, kind);
                return;
            }
        }
        throw new IllegalStateException("no room for more than " + ENTRIES + " faults");
    }

    private int take(int kind, int domid, int grantRef) {
        int result = 0;
        for (int i = 0; i < ENTRIES; i++) {
            int entry = entry(i);
            int mine = memory.getInt(entry + 12);
            if (memory.getInt(entry) == kind && memory.getInt(entry + 4) == domid
                    && memory.getInt(entry + 8) == grantRef && strikes(i, kind)) {
                result = mine;
            }
        }
        return result;
    }

    /** Counts one call that the fault is about, and tells whether it strikes. */
    private boolean strikes(int index, int kind) {
        int entry = entry(index);
        if (countDown(entry + 16)) {
            return false;
        }
        if (memory.getInt(entry + 20) == FOREVER) {
            return true;
        }
        boolean strikes = countDown(entry + 20);
        if (memory.getInt(entry + 20) == 0) {
            remove(index, kind);
        }
        return strikes;
    }

    /** Takes one from a positive counter; false when it is not positive. */
    private boolean countDown(int offset) {
        int count = memory.getInt(offset);
        while (count > 0 && !memory.casInt(offset, count, count - 1)) {
            count = memory.getInt(offset);
        }
        return count > 0;
    }

    private void remove(int index, int kind) {
        if (memory.casInt(entry(index), kind, 0) && kind != RESERVED) {
            memory.addInt(base, -1);
        }
    }

    private int entry(int index) {
        return base + ENTRY_BYTES * (index + 1);
    }
}
