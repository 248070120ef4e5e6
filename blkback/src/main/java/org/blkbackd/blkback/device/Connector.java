// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.device;

import java.util.List;
import org.blkbackd.blkback.journal.JournalException;
import org.blkbackd.blkback.ring.RingWorkerProxy;
import org.blkbackd.blkback.xenbus.BackendArea;
import org.blkbackd.blkback.xenbus.FrontendArea;
import org.blkbackd.blkback.xenbus.RingReadings;
import org.blkbackd.blkback.xenbus.VbdAddress;
import org.blkbackd.blkback.xenbus.VbdConfig;
import org.blkbackd.blkback.xenbus.XenbusFault;
import org.blkbackd.blkback.xenbus.XenbusState;
import org.blkbackd.ioengine.Errno;
import org.blkbackd.xenstore.XenstoreException;

/**
 * Reads what toolstack and frontend say, or an earlier process has left, and begins a connection by it. Owned by the
 * conductor.
 */
final class Connector {

    private final VbdAddress address;
    private final BackendArea backend;
    private final FrontendArea frontend;
    private final Storage storage;
    private final List<RingWorkerProxy> workers;
    private final DeviceSettings settings;
    private final VbdLog log;
    private final DiskRates rates;
    private RingReadings readings;
    /** At the connection before this one, which may have needed several tries. */
    private RingReadings before;

    /** @param workers for the queues, in this order */
    Connector(VbdAddress address, BackendArea backend, FrontendArea frontend, Storage storage,
        List<RingWorkerProxy> workers, DeviceSettings settings, VbdLog log) {
        this.address = address;
        this.backend = backend;
        this.frontend = frontend;
        this.storage = storage;
        this.workers = workers;
        this.settings = settings;
        this.log = log;
        rates = new DiskRates(backend, settings.limits(), log);
    }

    /** How much may be asked of the disk. */
    DiskRates rates() {
        return rates;
    }

    /** What the toolstack says. Throws {@link XenbusFault} for what cannot be used. */
    VbdConfig config() {
        return backend.config();
    }

    /**
     * Begins a connection to rings that the frontend has just made.
     *
     * @param again somebody else had the image a moment ago, and may have it still
     */
    DataPath connect(VbdConfig config, boolean again, DataPath.Listener listener) {
        RingReadings now = frontend.rings();
        before = again ? before : readings;
        readings = now;
        RingPlan plan = RingPlan.fresh(address, settings.journals(), now.choose(before));
        return begin(config, plan, again ? DataPath.Way.AGAIN : DataPath.Way.FIRST, 0, listener);
    }

    private DataPath begin(VbdConfig config, RingPlan plan, DataPath.Way way, long sectors,
        DataPath.Listener listener) {
        return new DataPath(address, storage, workers, settings, log, listener)
            .connect(config, uuid(), plan.limitedBy(rates.throttle(config)), way, sectors,
                way == DataPath.Way.RESUMED ? this::away : () -> null);
    }

    /**
     * Why rings of an earlier process are not to be touched: the guest may have done on another host what the journal
     * still holds, and newer things since. A parked connection holds nothing, and what moves its ring is new.
     */
    private String away() {
        try {
            String name = frontend.awayName();
            return name == null ? null : "its guest moves to another host, and may run there already: its domain is"
                + " called " + name + " now; if it is to go on here, 'xl rename' gives it its own name back";
        } catch (XenstoreException e) {
            return e.getMessage();
        }
    }

    /** Of the guest, for other hosts; asked for only where there are any. */
    private String uuid() {
        return settings.claims() == Claims.NONE ? null : frontend.domainUuid();
    }

    /** The device is gone, and with it what an earlier process may have left. */
    void forget() {
        settings.journals().remove(address.toString());
    }

    /** A frontend that is closing needs us only if it was ever connected. */
    boolean isLeft(XenbusState ours) {
        return ours == XenbusState.CONNECTED || settings.journals().has(address.toString());
    }

    /**
     * Begins a connection to rings that an earlier process has served.
     *
     * @param ours   our state in xenstore
     * @param parked the connection that was parked, or null
     * @throws JournalException when its journal cannot be relied on
     */
    DataPath resume(XenbusState ours, DataPath parked, DataPath.Listener listener) throws JournalException {
        String away = parked == null ? away() : null;
        if (away != null) {
            throw new XenbusFault(Errno.EBUSY, away);
        }
        VbdConfig config = config();
        RingPlan plan = plan(ours);
        if (plan.knownTarget() != null && !plan.knownTarget().equals(config.target().disk())) {
            throw new JournalException("its guest was connected to " + plan.knownTarget()
                + ", and the toolstack says " + config.target().disk() + " now");
        }
        return parked == null ? begin(config, plan, DataPath.Way.RESUMED, 0, listener)
            : begin(config, plan, DataPath.Way.UNPARKED, parked.sectors(), listener);
    }

    /** By the journals of this connection, else by what the frontend says. */
    private RingPlan plan(XenbusState ours) throws JournalException {
        String connection = backend.connection();
        if (settings.journals().has(address.toString())) {
            RingPlan journaled = RingPlan.journaled(address, settings.journals());
            if (journaled.connection().equals(connection)) {
                return journaled;
            }
            log.warn("its journal is of another connection, and removed");
            settings.journals().remove(address.toString());
        }
        RingPlan unknown = RingPlan.unknown(address, settings.journals(), connection, frontend.rings().choose(null));
        if (connection == null) {
            backend.nameConnection(ours, unknown.connection());
        }
        return unknown;
    }
}
