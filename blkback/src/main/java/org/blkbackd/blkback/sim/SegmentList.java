// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.sim;

import java.nio.ByteBuffer;
import java.util.Arrays;
import org.blkbackd.blkback.blkif.Blkif;
import org.blkbackd.blkback.blkif.BlkifAbi;

/** The segments of one request: as many as anybody wants, and no number is checked. */
final class SegmentList {

    private int[] refs = new int[Blkif.MAX_SEGMENTS];
    private int[] first = new int[Blkif.MAX_SEGMENTS];
    private int[] last = new int[Blkif.MAX_SEGMENTS];
    private int size;

    void clear() {
        size = 0;
    }

    int size() {
        return size;
    }

    void add(int grantRef, int firstSector, int lastSector) {
        if (size == refs.length) {
            refs = Arrays.copyOf(refs, 2 * size);
            first = Arrays.copyOf(first, 2 * size);
            last = Arrays.copyOf(last, 2 * size);
        }
        refs[size] = grantRef;
        first[size] = firstSector;
        last[size] = lastSector;
        size++;
    }

    int sectors() {
        int sum = 0;
        for (int i = 0; i < size; i++) {
            sum += last[i] - first[i] + 1;
        }
        return sum;
    }

    /** Writes what a slot holds of them. */
    void writeTo(FrontRing ring, int slot) {
        for (int i = 0; i < Math.min(size, Blkif.MAX_SEGMENTS); i++) {
            ring.segment(slot, i, refs[i], first[i], last[i]);
        }
    }

    /** Descriptor pages they need, of those a request can name; at least one. */
    int descriptorPages() {
        int needed = (size + Blkif.SEGMENTS_PER_INDIRECT_PAGE - 1) / Blkif.SEGMENTS_PER_INDIRECT_PAGE;
        return Math.max(1, Math.min(needed, Blkif.MAX_INDIRECT_PAGES));
    }

    /** Writes those that descriptor page {@code index} describes (struct blkif_request_segment). */
    void describe(ByteBuffer page, int index) {
        int from = index * Blkif.SEGMENTS_PER_INDIRECT_PAGE;
        int end = Math.min(size, from + Blkif.SEGMENTS_PER_INDIRECT_PAGE);
        for (int i = from; i < end; i++) {
            int at = (i - from) * BlkifAbi.SEGMENT_SIZE;
            page.putInt(at, refs[i]);
            page.put(at + 4, (byte) first[i]);
            page.put(at + 5, (byte) last[i]);
        }
    }
}
