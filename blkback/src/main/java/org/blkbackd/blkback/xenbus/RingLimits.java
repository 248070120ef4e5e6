// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.xenbus;

/**
 * How much a frontend may offer: what we write into our directory before state 2.
 *
 * @param queues    {@code multi-queue-max-queues}
 * @param pageOrder {@code max-ring-page-order}: a ring has up to 2 to this power pages
 */
public record RingLimits(int queues, int pageOrder) {

    /** XENBUS_MAX_RING_GRANT_ORDER, as xen-blkback: 16 pages. */
    public static final int MAX_PAGE_ORDER = 4;
}
