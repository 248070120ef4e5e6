// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.device;

import java.util.Set;
import org.blkbackd.blkback.journal.JournalFolder;
import org.blkbackd.xenstore.Xenstore;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What devices leave behind that went while nobody served them: a journal, an error node. Owned by the conductor. */
final class Remains {

    private static final Logger LOG = LoggerFactory.getLogger(Remains.class);

    private final Xenstore xenstore;
    private final int self;
    private final JournalFolder journals;

    /** @param self our own domain id */
    Remains(Xenstore xenstore, int self, JournalFolder journals) {
        this.xenstore = xenstore;
        this.self = self;
        this.journals = journals;
    }

    /**
     * Removes those of a kind.
     *
     * @param known names of the devices that are there
     */
    void remove(String kind, Set<String> known) {
        for (String device : journals.devices()) {
            if (device.startsWith(kind + "-") && !known.contains(device)) {
                journals.remove(device);
                LOG.info("{}: is gone; its journal is removed", device);
            }
        }
        String own = "/local/domain/" + self;
        String errors = "/error/backend/" + kind;
        for (String domid : xenstore.directory(own + errors)) {
            for (String devid : xenstore.directory(own + errors + "/" + domid)) {
                removeError(own, "/backend/" + kind + "/" + domid + "/" + devid);
            }
        }
    }

    /** Other backends have their error nodes there, too; what is about no device is about nobody's. */
    private void removeError(String own, String device) {
        if (xenstore.directory(own + device).isEmpty()) {
            xenstore.remove(own + "/error" + device);
        }
    }
}
