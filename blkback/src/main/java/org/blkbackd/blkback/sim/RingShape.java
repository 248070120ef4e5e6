// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.sim;

/**
 * What a frontend and a backend agreed on.
 *
 * @param order  log2 of the pages of each ring
 * @param queues rings
 */
record RingShape(int order, int queues) {

    /**
     * The smaller of what is wanted and what is offered (xen-blkfront.c talk_to_blkback, negotiate_mq), and never less
     * than one ring of one page.
     */
    static RingShape agreed(FrontendConfig config, long maxOrder, long maxQueues) {
        if (config.has(FrontendQuirk.IGNORES_LIMITS)) {
            return new RingShape(config.ringOrder(), config.queues());
        }
        return new RingShape((int) Math.min(config.ringOrder(), maxOrder),
            (int) Math.max(1, Math.min(config.queues(), maxQueues)));
    }

    int pages() {
        return 1 << order;
    }
}
