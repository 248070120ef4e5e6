// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.xenbus;

import java.util.List;
import java.util.Map;
import org.blkbackd.xenstore.Xenstore;
import org.blkbackd.xenstore.XenstoreException;

/** The frontend's directory: read as hostile input, never written. */
public final class FrontendArea {

    private static final List<String> USUAL = List.of("multi-queue-num-queues", "ring-page-order", "protocol",
        "ring-ref", "ring-ref0", "event-channel");

    /** A frontend that has made its offer does not change it; one that does is looked at again in a while. */
    private static final int TRIES = 3;

    private static final String AWAY = "--migratedaway";

    private final Xenstore xenstore;
    private final int domid;
    private final String path;
    private final RingLimits limits;

    /** Of one device. */
    public FrontendArea(Xenstore xenstore, VbdAddress address, RingLimits limits) {
        this.xenstore = xenstore;
        domid = address.domid();
        path = address.frontendPath();
        this.limits = limits;
    }

    /** The node that is watched. */
    public String statePath() {
        return path + "/state";
    }

    /**
     * The frontend's state; UNKNOWN when the node is gone, is not ours to read, or says nothing we know. To a domain
     * without privileges xenstored does not even say that a node is gone, unless it may read the one above.
     */
    public XenbusState state() {
        return XenbusState.parse(readIfOurs(statePath()));
    }

    /** Null also where it is not ours to read. */
    private String readIfOurs(String node) {
        try {
            return xenstore.readOrNull(node);
        } catch (XenstoreException e) {
            if (e.error().equals("EACCES")) {
                return null;
            }
            throw e;
        }
    }

    /** Of the guest ({@code /local/domain/D/vm} is {@code /vm/UUID}); null where it cannot be read. */
    public String domainUuid() {
        try {
            String vm = xenstore.readOrNull("/local/domain/" + domid + "/vm");
            return vm == null ? null : vm.substring(vm.lastIndexOf('/') + 1);
        } catch (XenstoreException e) {
            return null;
        }
    }

    /**
     * What the domain is called while it is moved to another host, or null when it is not. xl renames it before the
     * guest may run there, and back before it resumes the guest here (xl_migrate.c, migrate_domain).
     */
    public String awayName() {
        String name = readIfOurs("/local/domain/" + domid + "/name");
        return name != null && name.endsWith(AWAY) ? name : null;
    }

    /**
     * The rings the frontend offers, read in one transaction so that a reconnecting frontend cannot mix two offers.
     *
     * @throws XenbusFault for anything we do not offer or cannot use
     */
    public RingReadings rings() {
        return xenstore.transact(TRIES, store -> {
            // What most frontends write in one crossing, the rest one by one.
            Map<String, String> usual = store.readAll(USUAL.stream().map(node -> path + "/" + node).toList());
            return RingReadings.read(path, node -> USUAL.contains(node) ? usual.get(path + "/" + node)
                : store.readOrNull(path + "/" + node), limits);
        });
    }
}
