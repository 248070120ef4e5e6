// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.sim;

/** What a frontend may do otherwise than ours does by itself. */
public enum FrontendQuirk {
    /** Offers the rings it wants, whatever the backend says it can serve: hostile. */
    IGNORES_LIMITS,
    /** Writes a ring of one page as {@code ring-page-order = 0} and {@code ring-ref0}, as other systems' drivers do. */
    NUMBERS_SINGLE_PAGE,
    /** Removes nothing that an earlier frontend wrote, as Linux: keys it does not write itself stay, and lie. */
    LEAVES_STALE_KEYS
}
