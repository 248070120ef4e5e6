// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.grant.sim;

import static org.blkbackd.grant.GrantTable.PAGE_SIZE;

import java.nio.file.Path;

/**
 * All that is known of one life of one domain: one sparse file, a new one each time the domain is created.
 *
 * <pre>
 *   hints | ports | page table | grants | pages
 * </pre>
 */
final class DomainMemory {

    private static final int PORTS = PAGE_SIZE;
    private static final int PAGE_TABLE = align(PORTS + SharedPorts.BYTES);
    private static final int GRANTS = PAGE_TABLE + SharedPages.TABLE_BYTES;
    private static final int PAGES = GRANTS + SharedGrants.BYTES;

    final int domid;
    /** Which life of the domain: odd, as {@link SimHypervisor} counts them. */
    final int incarnation;
    final SharedPorts ports;
    final SharedGrants grants;
    final SharedPages pages;

    DomainMemory(Path folder, int domid, int incarnation) {
        this.domid = domid;
        this.incarnation = incarnation;
        SharedMemory memory = SharedMemory.map(file(folder, domid, incarnation), PAGES + SharedPages.BYTES);
        ports = new SharedPorts(memory, PORTS, 0);
        grants = new SharedGrants(memory, GRANTS, FreeSlots.HINT_BYTES);
        pages = new SharedPages(memory, PAGE_TABLE, PAGES, 2 * FreeSlots.HINT_BYTES);
    }

    static Path file(Path folder, int domid, int incarnation) {
        return folder.resolve("domain-" + domid + "-" + incarnation);
    }

    private static int align(int offset) {
        return (offset + PAGE_SIZE - 1) / PAGE_SIZE * PAGE_SIZE;
    }
}
