// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.sim;

import java.util.Arrays;
import org.blkbackd.blkback.blkif.Blkif;

/**
 * The pages that describe the segments of an indirect request. They are allocated and granted when they are first
 * needed, and kept.
 */
final class FrontDescriptors {

    private final GuestMemory memory;
    private final GuestMemory.Granted[] pages = new GuestMemory.Granted[Blkif.MAX_INDIRECT_PAGES];
    /** What the request names instead; null is the page's own grant. */
    private final Integer[] named = new Integer[Blkif.MAX_INDIRECT_PAGES];

    FrontDescriptors(GuestMemory memory) {
        this.memory = memory;
    }

    /** Forgets the names. */
    void clear() {
        Arrays.fill(named, null);
    }

    void name(int index, int grantRef) {
        named[index] = grantRef;
    }

    GuestMemory.Granted page(int index) {
        if (pages[index] == null) {
            pages[index] = memory.page();
        }
        return pages[index];
    }

    /** Describes {@code segments} and names the pages in the request at {@code slot}. */
    void writeTo(FrontRing ring, int slot, SegmentList segments) {
        for (int i = 0; i < segments.descriptorPages(); i++) {
            segments.describe(page(i).buffer(), i);
            ring.indirectGrant(slot, i, page(i).ref());
        }
        for (int i = 0; i < named.length; i++) {
            if (named[i] != null) {
                ring.indirectGrant(slot, i, named[i]);
            }
        }
    }
}
