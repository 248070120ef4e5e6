// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.sim;

import java.util.List;
import org.blkbackd.xenstore.XenstoreOps;

/**
 * The nodes in which a frontend offers its rings (xen-blkfront.c talk_to_blkback, write_per_ring_nodes). One ring has
 * its nodes in the frontend's own directory, more have theirs in {@code queue-0}, {@code queue-1}, ...; the order is
 * written once, at the top.
 */
final class OfferNodes {

    private static final String OFFERED =
        "ring-ref\\d*|ring-page-order|event-channel|multi-queue-num-queues|queue-\\d+";

    private final String frontend;
    private final FrontendConfig config;
    private final RingShape shape;

    OfferNodes(String frontend, FrontendConfig config, RingShape shape) {
        this.frontend = frontend;
        this.config = config;
        this.shape = shape;
    }

    /** Writes the offer; {@code store} is a transaction. */
    void write(XenstoreOps store, List<GuestRing> rings) {
        if (!config.has(FrontendQuirk.LEAVES_STALE_KEYS)) {
            store.directory(frontend).stream().filter(name -> name.matches(OFFERED))
                .forEach(name -> store.remove(frontend + "/" + name));
        }
        if (isNumbered()) {
            store.write(frontend + "/ring-page-order", Integer.toString(shape.order()));
        }
        if (shape.queues() == 1) {
            writeRing(store, frontend, rings.get(0));
        } else {
            store.write(frontend + "/multi-queue-num-queues", Integer.toString(shape.queues()));
            for (int i = 0; i < shape.queues(); i++) {
                writeRing(store, frontend + "/queue-" + i, rings.get(i));
            }
        }
        if (config.protocol() == null) {
            store.remove(frontend + "/protocol");
        } else {
            store.write(frontend + "/protocol", config.protocol());
        }
        store.write(frontend + "/feature-persistent", "1");
    }

    private boolean isNumbered() {
        return shape.order() > 0 || config.has(FrontendQuirk.NUMBERS_SINGLE_PAGE);
    }

    private void writeRing(XenstoreOps store, String directory, GuestRing ring) {
        int[] refs = ring.ringRefs();
        for (int i = 0; i < refs.length; i++) {
            store.write(directory + "/ring-ref" + (isNumbered() ? i : ""), Integer.toUnsignedString(refs[i]));
        }
        store.write(directory + "/event-channel", Integer.toString(ring.port()));
    }
}
