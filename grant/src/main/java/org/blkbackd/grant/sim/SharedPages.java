// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.grant.sim;

import static org.blkbackd.grant.GrantTable.PAGE_SIZE;

import java.nio.ByteBuffer;
import org.blkbackd.grant.LibC;

/** The memory of one domain: a word of use per page (0 free, else 1 + the grants of the page), and the pages. */
final class SharedPages {

    static final int COUNT = 1 << 18;
    static final int TABLE_BYTES = 4 * COUNT;
    static final int BYTES = PAGE_SIZE * COUNT;

    private static final int MADV_REMOVE = 9;

    private final SharedMemory memory;
    private final int table;
    private final int pages;
    private final FreeSlots slots;

    SharedPages(SharedMemory memory, int table, int pages, int hints) {
        this.memory = memory;
        this.table = table;
        this.pages = pages;
        this.slots = new FreeSlots(memory, hints, 0, COUNT);
    }

    static boolean isPage(int page) {
        return page >= 0 && page < COUNT;
    }

    /** Claims {@code count} consecutive pages and returns the first, or -1. */
    int allocate(int count) {
        int page = count == 1 ? slots.claim(this::claim) : allocateRun(count);
        if (page >= 0) {
            LibC.memset(address(page), 0, (long) count * PAGE_SIZE);
        }
        return page;
    }

    /** Gives the page back; false while it is granted. */
    boolean free(int page) {
        return memory.casInt(table + 4 * page, 1, 0);
    }

    /** Counts a grant of {@code page}, or with -1 one less. */
    void addGrants(int page, int delta) {
        memory.addInt(table + 4 * page, delta);
    }

    long address(int page) {
        return memory.address(pages) + (long) page * PAGE_SIZE;
    }

    ByteBuffer buffer(int page, int count) {
        return memory.slice(pages + page * PAGE_SIZE, count * PAGE_SIZE);
    }

    /** Gives all memory back to the machine. What is still mapped stays valid and reads as zero. */
    void release() {
        LibC.madvise(address(0), (long) slots.end() * PAGE_SIZE, MADV_REMOVE);
    }

    private boolean claim(int page) {
        return memory.casInt(table + 4 * page, 0, 1);
    }

    private int allocateRun(int count) {
        int from = 0;
        while (from + count <= COUNT) {
            int page = from;
            while (page < from + count && claim(page)) {
                page++;
            }
            if (page == from + count) {
                slots.raiseEnd(page - 1);
                return from;
            }
            for (int taken = from; taken < page; taken++) {
                free(taken);
            }
            from = page + 1;
        }
        return -1;
    }
}
