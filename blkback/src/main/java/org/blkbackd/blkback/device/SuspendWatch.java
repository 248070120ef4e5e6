// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.device;

import java.util.Collection;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.blkbackd.xenstore.Watch;
import org.blkbackd.xenstore.WatchListener;
import org.blkbackd.xenstore.Xenstore;
import org.blkbackd.xenstore.XenstoreException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Guesses from xenstore when a guest is suspended; no node says so. A toolstack asks for it by writing {@code suspend}
 * to the guest's {@code control/shutdown}, the guest empties that, and suspends; then {@code @releaseDomain} comes, as
 * it does at every end of any domain (libxl_dom_suspend.c). A guess may be wrong, and a guest can make us guess: that
 * costs it a pause. Where the node cannot be read, as in most driver domains, there is no guess. Owned by the
 * conductor.
 */
final class SuspendWatch implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(SuspendWatch.class);
    private static final String RELEASE = "@releaseDomain";
    /** libxl waits as long for the guest, from its request on. */
    private static final long ARMED_NS = TimeUnit.SECONDS.toNanos(60);

    private static final class Guest {
        private Watch watch;
        /** The event that every watch begins with has been. */
        private boolean known;
        /** When it was asked to suspend it is taken for suspended until then, in nanoseconds; 0 when it was not. */
        private long untilNs;
    }

    private final Xenstore xenstore;
    private final ConductorProxy proxy;
    private final Map<Integer, Guest> guests = new TreeMap<>();
    private Watch release;

    SuspendWatch(Xenstore xenstore, ConductorProxy proxy) {
        this.xenstore = xenstore;
        this.proxy = proxy;
    }

    /** Begins; a domain without privileges may not be told. */
    void start() {
        try {
            release = xenstore.watch(RELEASE, path -> proxy.domainReleased());
        } catch (XenstoreException e) {
            LOG.debug("guests are not seen to suspend: {}", e.getMessage());
        }
    }

    /** A device of this guest is there. */
    void add(int domid) {
        if (guests.containsKey(domid)) {
            return;
        }
        Guest guest = new Guest();
        try {
            guest.watch = xenstore.watch(node(domid), new WatchListener() {
                @Override
                public void changed(String path) {
                    proxy.shutdownChanged(domid);
                }

                @Override
                public void renewed() {
                    proxy.shutdownUnknown(domid);
                }
            });
            guests.put(domid, guest);
        } catch (XenstoreException e) {
            LOG.debug("domain {} is not seen to suspend: {}", domid, e.getMessage());
        }
    }

    /** A device is gone; {@code left} are those that are still there. */
    void remove(int domid, Collection<Vbd> left) {
        if (left.stream().noneMatch(vbd -> vbd.address().domid() == domid)) {
            Guest guest = guests.remove(domid);
            if (guest != null) {
                guest.watch.close();
            }
        }
    }

    private static String node(int domid) {
        return "/local/domain/" + domid + "/control/shutdown";
    }

    /** What follows is the event that every watch begins with, once more. */
    void onShutdownUnknown(int domid) {
        Guest guest = guests.get(domid);
        if (guest != null) {
            guest.known = false;
        }
    }

    /** The guest may have emptied it before we could read what it was asked for: any change but the first counts. */
    void onShutdownChanged(int domid) {
        Guest guest = guests.get(domid);
        if (guest == null) {
            return;
        }
        boolean change = guest.known;
        guest.known = true;
        String wish = read(domid);
        if ("suspend".equals(wish) || "".equals(wish) && change) {
            guest.untilNs = System.nanoTime() + ARMED_NS;
        }
    }

    private String read(int domid) {
        try {
            return xenstore.readOrNull(node(domid));
        } catch (XenstoreException e) {
            LOG.debug("domain {} is not seen to suspend: {}", domid, e.getMessage());
            return null;
        }
    }

    /** Some domain has suspended or ended: those that were asked to may be among them. */
    void onReleased(Collection<Vbd> vbds) {
        long now = System.nanoTime();
        for (Vbd vbd : vbds) {
            Guest guest = guests.get(vbd.address().domid());
            if (guest != null && guest.untilNs != 0 && guest.untilNs - now > 0) {
                vbd.parking().guess(vbd.data(), vbd.isConnected(), guest.untilNs);
            }
        }
    }

    @Override
    public void close() {
        if (release != null) {
            release.close();
        }
    }
}
