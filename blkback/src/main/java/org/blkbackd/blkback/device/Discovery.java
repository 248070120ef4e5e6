// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.device;

import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.blkbackd.blkback.xenbus.VbdAddress;
import org.blkbackd.xenstore.Xenstore;
import org.blkbackd.xenstore.XenstoreException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Finds the devices of each kind in xenstore, and knows where it could not look. Owned by the conductor. */
final class Discovery {

    private static final Logger LOG = LoggerFactory.getLogger(Discovery.class);

    private final Xenstore xenstore;
    private final int self;
    /** Kinds of which there may be devices that nobody has looked at: no event need come that tells of them. */
    private final Set<String> owed = new TreeSet<>();

    Discovery(Xenstore xenstore, int self) {
        this.xenstore = xenstore;
        this.self = self;
    }

    /** The backend directory of a kind. */
    String root(String kind) {
        return "/local/domain/" + self + "/backend/" + kind;
    }

    /** Whether some kind is to be looked at again in a while. */
    boolean isOwed() {
        return !owed.isEmpty();
    }

    /** Which. */
    List<String> owed() {
        return List.copyOf(owed);
    }

    /** Looks at every device of a kind that there is; returns whether xenstored said all that it was asked. */
    boolean lookAtAll(String kind, Consumer<VbdAddress> look) {
        boolean whole = true;
        String root = root(kind);
        for (String domid : xenstore.directory(root)) {
            for (String devid : xenstore.directory(root + "/" + domid)) {
                VbdAddress address = VbdAddress.parse(root, kind, root + "/" + domid + "/" + devid);
                whole &= address == null || isAnswered(address, look);
            }
        }
        if (whole) {
            owed.remove(kind);
        }
        return whole;
    }

    /** What xenstored refuses to say of one device says nothing of the next. */
    private boolean isAnswered(VbdAddress address, Consumer<VbdAddress> look) {
        try {
            look.accept(address);
            return true;
        } catch (XenstoreException e) {
            if (e.isConnectionLost()) {
                throw e;
            }
            unanswered(address.kind(), address.toString(), e);
            return false;
        }
    }

    /** Told once; all of the kind is looked at again until there is an answer. */
    void unanswered(String kind, String what, XenstoreException e) {
        if (owed.add(kind)) {
            LOG.warn("{} cannot be looked at, which is tried again: {}", what, e.getMessage());
        }
    }
}
