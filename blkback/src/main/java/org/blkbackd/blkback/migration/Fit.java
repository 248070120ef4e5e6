// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.migration;

import org.blkbackd.blkback.device.FeatureState;

/** Whether a guest that has one thing finds it again where another is offered; each answer is a reason, or null. */
final class Fit {

    private static final int UNIT = 512;

    private Fit() {
    }

    /**
     * What would harm the guest. Linux's blkfront crashes over a requeued request with more segments than it may have
     * now (blkif_recover), and reads neither size nor sector size again.
     */
    static String harm(FeatureState has, FeatureState offered) {
        if (offered.indirectSegments() < has.indirectSegments()) {
            return "its guest was told of " + has.indirectSegments() + " indirect segments, and there would be "
                + offered.indirectSegments();
        }
        if (offered.sectorSize() != has.sectorSize()) {
            return "its guest uses sectors of " + has.sectorSize() + " bytes, and they would be of "
                + offered.sectorSize() + ": set sector-size=" + has.sectorSize() + " in the target on both hosts";
        }
        if (has.sectors() > 0 && offered.sectors() >= 0 && offered.sectors() < has.sectors()) {
            return "its guest knows a disk of " + has.sectors() + " sectors of " + UNIT + " bytes, and there would be "
                + offered.sectors();
        }
        return null;
    }

    /** What would harm the guest, or slow it down: rings are made anew, as large as the new host lets them be. */
    static String loss(FeatureState has, FeatureState offered) {
        String harm = harm(has, offered);
        if (harm != null) {
            return harm;
        }
        if (offered.ringPageOrder() < has.ringPageOrder()) {
            return "its guest uses rings of " + (1 << has.ringPageOrder()) + " pages, and they would have at most "
                + (1 << offered.ringPageOrder());
        }
        return offered.queues() < has.queues() ? "its guest uses " + has.queues() + " queues, and there would be at"
            + " most " + offered.queues() + ": set workers = " + has.queues() : null;
    }
}
