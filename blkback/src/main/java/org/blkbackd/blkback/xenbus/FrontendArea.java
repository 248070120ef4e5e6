// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.xenbus;

import org.blkbackd.blkback.blkif.BlkifAbi;
import org.blkbackd.xenstore.Xenstore;
import org.blkbackd.xenstore.XenstoreOps;

/** The frontend's directory: read as hostile input, never written. */
public final class FrontendArea {

    private static final int MAX_PORT = (1 << 17) - 1;
    private static final boolean X86 = System.getProperty("os.arch").matches("amd64|x86_64|i386|x86");

    private final Xenstore xenstore;
    private final String path;

    /** @param path {@link VbdAddress#frontendPath} */
    public FrontendArea(Xenstore xenstore, String path) {
        this.xenstore = xenstore;
        this.path = path;
    }

    /** The node that is watched. */
    public String statePath() {
        return path + "/state";
    }

    /** The frontend's state; UNKNOWN when the node is gone or says nothing we know. */
    public XenbusState state() {
        return XenbusState.parse(xenstore.readOrNull(statePath()));
    }

    /**
     * The ring the frontend offers, read in one transaction so that a reconnecting frontend cannot mix two offers.
     *
     * @throws XenbusFault for anything we do not offer or cannot use
     */
    public RingOffer ringOffer() {
        return xenstore.transact(this::readOffer);
    }

    private RingOffer readOffer(XenstoreOps store) {
        requireAtMost(store, "multi-queue-num-queues", 1, 1);
        // Written by an honest frontend only for rings of more than one page, and left behind by an earlier one.
        requireAtMost(store, "ring-page-order", 0, 0);
        String ref = store.readOrNull(path + "/ring-ref");
        if (ref == null) {
            // A ring of order 0 goes by either name, depending on whose frontend wrote it.
            ref = store.readOrNull(path + "/ring-ref0");
        }
        long ringRef = Numbers.parseLong(ref, 0xFFFFFFFFL);
        if (ringRef < 0) {
            throw XenbusFault.badValue(path + "/ring-ref", ref, "a grant reference");
        }
        String port = store.readOrNull(path + "/event-channel");
        int remotePort = Numbers.parse(port, MAX_PORT);
        if (remotePort < 1) {
            throw XenbusFault.badValue(path + "/event-channel", port, "an event-channel port");
        }
        String protocol = store.readOrNull(path + "/protocol");
        BlkifAbi abi = BlkifAbi.forProtocol(protocol, X86);
        if (abi == null) {
            throw XenbusFault.badValue(path + "/protocol", protocol, "an ABI of this machine (x86_64-abi)");
        }
        return new RingOffer(new int[] {(int) ringRef}, remotePort, abi);
    }

    private void requireAtMost(XenstoreOps store, String node, int least, int most) {
        String value = store.readOrNull(path + "/" + node);
        if (value != null) {
            int number = Numbers.parse(value, most);
            if (number < least) {
                throw XenbusFault.badValue(path + "/" + node, value, least == most ? "" + most : least + " to " + most);
            }
        }
    }
}
