// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.device;

import java.util.List;
import java.util.function.Supplier;
import org.blkbackd.blkback.blkif.Blkif;
import org.blkbackd.blkback.blkif.DiskLimits;
import org.blkbackd.blkback.fault.FaultPoint;
import org.blkbackd.blkback.fault.Faults;
import org.blkbackd.blkback.ring.RingWorkerProxy;
import org.blkbackd.blkback.ring.VbdRing;
import org.blkbackd.blkback.xenbus.DiskProperties;
import org.blkbackd.blkback.xenbus.DiskProperties.Discard;
import org.blkbackd.blkback.xenbus.VbdAddress;
import org.blkbackd.blkback.xenbus.VbdConfig;
import org.blkbackd.ioengine.Disk;
import org.blkbackd.ioengine.DiskException;
import org.blkbackd.ioengine.DiskInfo;
import org.blkbackd.ioengine.Errno;
import org.blkbackd.ioengine.OpenMode;

/**
 * One connection of one vbd: opens the image, attaches the rings, and takes both down again. Used once. Owned by the
 * conductor, on whose thread everything here runs.
 */
final class DataPath {

    /** Told how far it is; each connection ends with {@link #released} or {@link #failed}. */
    interface Listener {

        /** Requests flow. */
        void connected();

        /** There is no connection, and nothing is left of it. */
        void failed(int errno, String reason);

        /** Everything is given back, or left to a successor ({@link DataPath#isKept}). */
        void released(String trouble);
    }

    /** Why a connection begins. */
    enum Way {
        /** The frontend has made its rings. Waits for a daemon that is just letting go; well within libxl's 10 s. */
        FIRST(5_000, true),
        /** The same after somebody else had the image, and may have it still. */
        AGAIN(0, true),
        /** An earlier process served it. Waits for the last I/O of one that died; then another try follows. */
        RESUMED(3_000, false),
        /** It was parked, and its guest goes on. */
        UNPARKED(3_000, true);

        private final long patienceMs;
        /** Another host may have written the image since this one had it open. */
        private final boolean fresh;

        Way(long patienceMs, boolean fresh) {
            this.patienceMs = patienceMs;
            this.fresh = fresh;
        }
    }

    private final VbdAddress address;
    private final Storage storage;
    private final Listener listener;
    private final DeviceSettings settings;
    private final VbdLog log;
    private final RingSet rings;
    private VbdConfig config;
    private RingPlan plan;
    private Claim claim;
    private Disk disk;
    private DiskLimits limits;
    private Way way;
    private long toldSectors;
    private Supplier<String> objection;
    private boolean unwanted;
    private boolean parking;
    private boolean closedEarly;

    DataPath(VbdAddress address, Storage storage, List<RingWorkerProxy> workers, DeviceSettings settings, VbdLog log,
        Listener listener) {
        this.address = address;
        this.storage = storage;
        this.settings = settings;
        this.log = log;
        this.listener = listener;
        rings = new RingSet(workers);
    }

    // --- up ---------------------------------------------------------------------------------------------------------

    /**
     * Begins.
     *
     * @param told   the least size in 512-byte units: what a parked guest was told
     * @param object asked once nobody else can have the image any more: why not to go on with it, or null
     */
    DataPath connect(VbdConfig wanted, String domainUuid, RingPlan found, Way begins, long told,
        Supplier<String> object) {
        config = wanted;
        objection = object;
        plan = found;
        way = begins;
        toldSectors = told;
        if (plan.resumes()) {
            FaultPoint.RECOVERY_FOUND.reached();
        }
        claim = new Claim(address, config.target().disk(), config.target().name(),
            config.target().exclusive(), domainUuid, plan.needs(config, config.target().policy(settings.policy())));
        OpenMode mode = new OpenMode(config.readOnly(), config.target().exclusive(), way.patienceMs, way.fresh);
        storage.open(claim, mode, this::onOpened);
        return this;
    }

    private void onOpened(Storage.Opened opened) {
        if (opened.failure() != null) {
            listener.failed(errno(opened.failure()), opened.failure().getMessage());
            return;
        }
        disk = opened.disk();
        if (unwanted) {
            giveUp(Errno.EIO, "not wanted any more");
            return;
        }
        String objected = objection.get();
        if (objected != null) {
            giveUp(Errno.EBUSY, objected);
            return;
        }
        if (sectors(disk.info()) < toldSectors) {
            giveUp(Errno.EINVAL, config.target() + " has " + sectors(disk.info()) + " sectors, and the guest was told "
                + "of " + toldSectors + ": it has shrunk, or is another image; give it its size back");
            return;
        }
        if (!disk.warning().isEmpty()) {
            log.warn(disk.warning());
        }
        limits = new DiskLimits(sectors(disk.info()), config.target().sectorSize(), config.readOnly(),
            properties().discard().possible());
        if (plan.resumes()) {
            FaultPoint.RECOVERY_OPENED.reached();
        }
        rings.attach(plan.specs(config, config.target().policy(settings.policy()), disk, limits, log));
    }

    private void giveUp(int errno, String reason) {
        storage.close(disk, claim, false, failure -> listener.failed(errno, reason));
    }

    void onAttached() {
        rings.onAttached();
        if (rings.isServing()) {
            listener.connected();
        }
    }

    void onAttachFailed(String reason) {
        rings.onAttachFailed(reason);
        closeWhenReleased();
    }

    // --- what it is -------------------------------------------------------------------------------------------------

    VbdConfig config() {
        return config;
    }

    RingSet ringSet() {
        return rings;
    }

    /** For its image, with what is known of it. */
    Claim claim() {
        return claim;
    }

    List<VbdRing> rings() {
        return rings.rings();
    }

    /** The name of the connection. */
    String connection() {
        return plan.connection();
    }

    /** The guest was told of a smaller disk, by another process. */
    boolean hasGrownMeanwhile() {
        return plan.knownSectors() >= 0 && plan.knownSectors() < limits.sectors();
    }

    /** The opened disk, or null. */
    Disk disk() {
        return disk;
    }

    /** What the frontend is to know of the disk, once that is open. */
    DiskProperties properties() {
        DiskInfo info = disk.info();
        int sectorSize = config.target().sectorSize();
        Discard discard = config.discard() && info.discard()
            ? new Discard(info.discardGranularity(), info.discardAlignment(), info.secureDiscard()) : Discard.NONE;
        return new DiskProperties(sectors(info), sectorSize, Math.max(sectorSize, info.physicalSectorSize()),
            config.info(), discard);
    }

    /** In 512-byte units, and whole sectors of the size the frontend is told. */
    private long sectors(DiskInfo info) {
        int unit = config.target().sectorSize() >> Blkif.SECTOR_SHIFT;
        return info.sectors() & -unit;
    }

    /** Size in 512-byte units that requests are judged by. */
    long sectors() {
        return limits.sectors();
    }

    /** Lets requests reach what the disk has grown by, before the frontend is told; returns whether it has. */
    boolean grow() {
        long sectors = sectors(disk.info());
        if (sectors <= limits.sectors()) {
            return false;
        }
        limits = limits.withSectors(sectors);
        rings.setLimits(limits);
        return true;
    }

    // --- down -------------------------------------------------------------------------------------------------------

    /** A successor could take it up. */
    boolean isJournaled() {
        return rings().stream().allMatch(ring -> ring.spec().journal().isDurable());
    }

    /** Tries again what is held. */
    void retry() {
        rings.retry();
    }

    /** Takes no more requests, ends what was started, flushes, closes; a successor finds the rest in the journals. */
    void keep() {
        rings.keep();
    }

    /** The same, but the successor is this process. */
    void park() {
        parking = true;
        claim = claim.with(claim.needs().with(limits.sectors(), List.of()));
        if (Faults.isOff(Faults.Safeguard.DRAIN)) {
            closedEarly = true;
            storage.close(disk, claim, true, failure -> { });
        }
        keep();
    }

    /** Whether it ends for its guest to go on later. */
    boolean isParked() {
        return parking && isKept();
    }

    /** Whether it ends for a successor. */
    boolean isKept() {
        return rings.isKept();
    }

    /** Takes no more requests, ends what was started, flushes, closes. */
    void stop() {
        rings.stop();
    }

    /** The same for a frontend that is gone; of what its rings hold there may be nothing left. */
    void abandon() {
        if (!rings.isReleased()) {
            rings.abandon();
        }
    }

    /** The daemon leaves: whatever the state of the connection, it ends. */
    void leave() {
        unwanted = true;
        rings.keep();
    }

    void onReleased(int flushErrno) {
        rings.onReleased(flushErrno);
        closeWhenReleased();
    }

    private void closeWhenReleased() {
        if (rings.isReleased() && closedEarly) {
            onClosed(null);
        } else if (rings.isReleased()) {
            long held = VbdReport.held(rings());
            if (held > 0) {
                claim = claim.with(claim.needs().with(limits.sectors(), List.of(held + " requests are held")));
            }
            storage.close(disk, claim, isParked(), this::onClosed);
        }
    }

    private void onClosed(DiskException failure) {
        if (!rings.isKept() || rings.failure() != null && !plan.isJournaled()) {
            settings.journals().remove(address.toString());
        }
        if (rings.failure() != null) {
            listener.failed(Errno.EIO, rings.failure());
            return;
        }
        String trouble = failure != null ? failure.getMessage() : null;
        if (trouble == null && rings.flushErrno() != 0) {
            trouble = "the last flush of " + config.target() + " failed with errno " + rings.flushErrno()
                + ": what the guest wrote last may be lost";
        }
        listener.released(trouble);
    }

    private static int errno(DiskException failure) {
        return switch (failure.kind()) {
            case NOT_FOUND -> Errno.ENOENT;
            case ACCESS -> Errno.EACCES;
            case IN_USE -> Errno.EBUSY;
            case BAD_SPEC, UNSUPPORTED -> Errno.EINVAL;
            default -> Errno.EIO;
        };
    }
}
