// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.device;

import java.util.List;

/**
 * What a guest has negotiated for a disk, or will need: what it does not read again after a migration, so that it must
 * find it the same.
 *
 * @param ringPageOrder    log2 of the pages of each of its rings
 * @param queues           how many rings it has
 * @param indirectSegments the most that it was told one request may have
 * @param sectorSize       bytes
 * @param sectors          size in 512-byte units, or -1 before the image was opened
 * @param readOnly         it may only read
 * @param policy           what becomes of I/O errors, in words
 * @param held             why requests are kept unanswered, a line each; empty when none are
 */
public record FeatureState(int ringPageOrder, int queues, int indirectSegments, int sectorSize, long sectors,
                           boolean readOnly, String policy, List<String> held) {

    /** Keeps a copy of the list. */
    public FeatureState {
        held = List.copyOf(held);
    }

    /** The same disk, opened. */
    FeatureState with(long size, List<String> reasons) {
        return new FeatureState(ringPageOrder, queues, indirectSegments, sectorSize, size, readOnly, policy, reasons);
    }
}
