// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.device;

import java.util.function.Consumer;
import java.util.function.Predicate;
import org.blkbackd.blkback.ring.RingSpec;
import org.blkbackd.blkback.ring.RingWorkerProxy;
import org.blkbackd.blkback.ring.VbdRing;
import org.blkbackd.blkback.xenbus.BackendArea;
import org.blkbackd.blkback.xenbus.FrontendArea;
import org.blkbackd.blkback.xenbus.Handshake;
import org.blkbackd.blkback.xenbus.RingOffer;
import org.blkbackd.blkback.xenbus.VbdAddress;
import org.blkbackd.blkback.xenbus.VbdConfig;
import org.blkbackd.blkback.xenbus.XenbusAction;
import org.blkbackd.blkback.xenbus.XenbusEvent;
import org.blkbackd.blkback.xenbus.XenbusFault;
import org.blkbackd.blkback.xenbus.XenbusState;
import org.blkbackd.blkback.xenbus.XenbusStateMachine;
import org.blkbackd.ioengine.Disk;
import org.blkbackd.ioengine.DiskException;
import org.blkbackd.xenstore.Watch;
import org.blkbackd.xenstore.XenstoreException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One virtual block device: its two directories, its disk, its ring, and how far they are. Owned by the conductor, on
 * whose thread everything here runs.
 */
final class Vbd {

    private static final Logger LOG = LoggerFactory.getLogger(Vbd.class);
    private static final int EIO = 5;

    private final VbdAddress address;
    private final BackendArea backend;
    private final FrontendArea frontend;
    private final Storage storage;
    private final RingWorkerProxy worker;
    private final Consumer<Vbd> forgotten;
    private final VbdLog log;
    private Handshake handshake = Handshake.discovered();
    /** What our state node held when we last read or wrote it. */
    private XenbusState written = XenbusState.UNKNOWN;
    private VbdConfig config;
    private RingOffer offer;
    private Disk disk;
    private VbdRing ring;
    private Watch watch;
    private boolean leaving;
    private boolean refused;
    private boolean uneasy;
    private boolean orphanTold;

    /** @param forgotten told when the device is gone for good */
    Vbd(VbdAddress address, BackendArea backend, FrontendArea frontend, Storage storage, RingWorkerProxy worker,
        VbdLog log, Consumer<Vbd> forgotten) {
        this.log = log;
        this.forgotten = forgotten;
        this.address = address;
        this.backend = backend;
        this.frontend = frontend;
        this.storage = storage;
        this.worker = worker;
    }

    VbdAddress address() {
        return address;
    }

    String frontendStatePath() {
        return frontend.statePath();
    }

    void watchedBy(Watch frontendWatch) {
        watch = frontendWatch;
    }

    boolean isIdle() {
        return handshake.data() == Handshake.Data.IDLE;
    }

    /** Xenstore did not answer or refused: what it says, or should say, is not known until another look. */
    boolean isUneasy() {
        return uneasy && !leaving;
    }

    private boolean isForgotten() {
        return watch == null;
    }

    /** Reads xenstore again and does what follows. */
    void look() {
        if (leaving || isForgotten()) {
            return;
        }
        try {
            Handshake.Seen seen = backend.look(frontend);
            uneasy = false;
            written = seen.backend();
            handshake = handshake.looked(seen);
        } catch (XenstoreException e) {
            unanswered("look", e);
            return;
        }
        if (!orphanTold && isIdle() && written == XenbusState.CONNECTED && handshake.seen().frontend() == written) {
            orphanTold = true;
            log.warn("was connected by an earlier daemon; its ring cannot be taken up yet, so the guest waits until"
                + " the disk is detached with force");
        }
        advance(XenbusEvent.LOOKED);
    }

    private void advance(XenbusEvent event) {
        XenbusStateMachine.Step step = XenbusStateMachine.step(handshake, event);
        handshake = step.next();
        refused = false;
        for (XenbusAction action : step.actions()) {
            try {
                perform(action);
            } catch (XenstoreException e) {
                // The next look shows what was not written, and the state machine asks for it again.
                unanswered(action.toString(), e);
            }
        }
    }

    private void unanswered(String what, XenstoreException e) {
        uneasy = true;
        log.warn(what + " put off: " + e.getMessage());
    }

    private void perform(XenbusAction action) {
        switch (action) {
            case OFFER -> offer();
            case CONNECT -> connect();
            case PUBLISH -> publish();
            case RELEASE -> worker.stopRing(ring);
            case ABANDON -> worker.abandonRing(ring);
            case WRITE_CLOSING -> switchState(XenbusState.CLOSING);
            case WRITE_CLOSED -> switchState(XenbusState.CLOSED);
            default -> forget();
        }
    }

    /** A state that the toolstack changed under us is not written, nor is what was to follow: another look is due. */
    private boolean write(XenbusState next, Predicate<XenbusState> change) {
        refused = refused || !change.test(written);
        if (!refused) {
            written = next;
        }
        return !refused;
    }

    private void switchState(XenbusState next) {
        write(next, expected -> backend.switchState(expected, next));
    }

    // --- offering ---------------------------------------------------------------------------------------------------

    private void offer() {
        if (write(XenbusState.INIT_WAIT, backend::offer) && backend.hasScript() && !handshake.seen().ready()) {
            checkForScript();
        }
    }

    /** The script waits for our word, so that xl create fails with a reason rather than a guest without its disk. */
    private void checkForScript() {
        try {
            VbdConfig wanted = backend.config();
            storage.check(wanted.target(), wanted.readOnly(), this::onChecked);
        } catch (XenbusFault e) {
            refuse(e.getMessage());
        }
    }

    private void onChecked(DiskException failure) {
        if (isForgotten()) {
            return;
        }
        if (failure != null) {
            refuse(failure.getMessage());
            return;
        }
        try {
            backend.reportReady(written);
        } catch (XenstoreException e) {
            log.warn("cannot be reported ready: " + e.getMessage());
        }
    }

    private void refuse(String reason) {
        log.error(reason);
        try {
            backend.reportHotplugError(written, reason);
        } catch (XenstoreException e) {
            log.warn("cannot report its error: " + e.getMessage());
        }
    }

    // --- connecting -------------------------------------------------------------------------------------------------

    private void connect() {
        try {
            config = backend.config();
            offer = frontend.ringOffer();
        } catch (XenbusFault e) {
            connectFailed(e.errno(), e.getMessage());
            return;
        } catch (XenstoreException e) {
            unanswered("connecting", e);
            advance(XenbusEvent.CONNECT_DEFERRED);
            return;
        }
        storage.open(config.target(), config.readOnly(), this::onOpened);
    }

    private void onOpened(Storage.Opened opened) {
        if (opened.failure() != null) {
            connectFailed(errno(opened.failure()), opened.failure().getMessage());
            return;
        }
        disk = opened.disk();
        if (leaving) {
            storage.close(disk, this::onClosed);
            return;
        }
        ring = worker.attachRing(new RingSpec(address.toString(), address.domid(), offer.ringRefs(), offer.port(),
            offer.abi(), disk, disk.info().sectors(), config.readOnly()));
    }

    void onAttached() {
        if (leaving) {
            worker.stopRing(ring);
            return;
        }
        log.debug("connected, " + offer);
        advance(XenbusEvent.CONNECTED);
    }

    void onAttachFailed(String reason) {
        storage.close(disk, failure -> {
            disk = null;
            ring = null;
            connectFailed(EIO, reason);
        });
    }

    private void connectFailed(int errno, String reason) {
        log.error(reason);
        if (leaving) {
            handshake = Handshake.discovered();
            return;
        }
        report(errno, reason);
        advance(XenbusEvent.CONNECT_FAILED);
    }

    private void report(int errno, String reason) {
        try {
            backend.reportError(errno, reason);
        } catch (XenstoreException e) {
            log.warn("cannot report its error: " + e.getMessage());
        }
    }

    private void publish() {
        long sectors = disk.info().sectors();
        int physical = disk.info().physicalSectorSize();
        if (write(XenbusState.CONNECTED, expected -> backend.publish(expected, sectors, physical, config.info()))) {
            log.info("serves " + config.target() + (config.readOnly() ? " read-only, " : ", ") + sectors + " sectors, "
                + (disk.info().direct() ? "direct" : "buffered"));
        }
    }

    // --- what the ring tells ----------------------------------------------------------------------------------------

    void onHalted(String reason) {
        log.error("ring stopped: " + reason);
        report(EIO, "ring stopped: " + reason);
    }

    void onHeld(long errno) {
        log.error("a flush of " + config.target() + " failed with errno " + errno
            + "; it and every later one stay unanswered until the disk is detached");
    }

    void onFault(RuntimeException fault) {
        LOG.error("{}: a fault of blkbackd itself; its ring is stopped, other devices go on", address, fault);
    }

    void onReleased(int flushErrno) {
        if (flushErrno != 0) {
            log.error("the last flush of " + config.target() + " failed with errno " + flushErrno
                + ": what the guest wrote last may be lost");
        }
        ring = null;
        storage.close(disk, this::onClosed);
    }

    private void onClosed(DiskException failure) {
        if (failure != null) {
            log.error(failure.getMessage());
        }
        disk = null;
        log.info("released " + config.target());
        if (leaving) {
            handshake = Handshake.discovered();
        } else {
            advance(XenbusEvent.RELEASED);
            look();
        }
    }

    // --- the end ----------------------------------------------------------------------------------------------------

    private void forget() {
        watch.close();
        watch = null;
        forgotten.accept(this);
        try {
            backend.forgetError();
        } catch (XenstoreException e) {
            log.warn("leaves its error node: " + e.getMessage());
        }
    }

    /** The daemon stops: release what is served, and leave xenstore as it is, so that the guest waits and goes on. */
    void leave() {
        leaving = true;
        if (handshake.data() == Handshake.Data.SERVING) {
            worker.stopRing(ring);
        }
    }

    private static int errno(DiskException failure) {
        return switch (failure.kind()) {
            case NOT_FOUND -> 2;
            case ACCESS -> 13;
            case BAD_SPEC, UNSUPPORTED -> 22;
            default -> EIO;
        };
    }
}
