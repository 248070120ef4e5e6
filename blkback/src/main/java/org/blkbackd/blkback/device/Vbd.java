// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.device;

import java.util.List;
import java.util.function.Consumer;
import org.blkbackd.blkback.ring.RingWorkerProxy;
import org.blkbackd.blkback.xenbus.BackendArea;
import org.blkbackd.blkback.xenbus.FrontendArea;
import org.blkbackd.blkback.xenbus.Handshake;
import org.blkbackd.blkback.xenbus.VbdAddress;
import org.blkbackd.blkback.xenbus.VbdConfig;
import org.blkbackd.blkback.xenbus.XenbusAction;
import org.blkbackd.blkback.xenbus.XenbusEvent;
import org.blkbackd.blkback.xenbus.XenbusFault;
import org.blkbackd.blkback.xenbus.XenbusState;
import org.blkbackd.blkback.xenbus.XenbusStateMachine;
import org.blkbackd.ioengine.Errno;
import org.blkbackd.xenstore.Watch;
import org.blkbackd.xenstore.XenstoreException;

/**
 * One virtual block device: its two directories, its connection, and how far they are. Owned by the conductor, on whose
 * thread everything here runs.
 */
final class Vbd implements DataPath.Listener {

    private final VbdAddress address;
    private final BackendArea backend;
    private final FrontendArea frontend;
    private final Connector connector;
    private final Succession succession;
    private final Consumer<Vbd> forgotten;
    private final VbdLog log;
    private final HotplugWord word;
    private final DiskGrowth growth;
    private final Leftover leftover;
    private final VbdTrouble trouble;
    private final ImageWait wait;
    private final Parking parking;
    private final OwnState state;
    private Handshake handshake = Handshake.discovered();
    /** The connection, from its first moment to its last. */
    private DataPath data;
    private Watch watch;
    private boolean leaving;
    private boolean uneasy;

    /**
     * @param workers   for its queues, in this order
     * @param forgotten told when the device is gone for good
     */
    Vbd(VbdAddress address, BackendArea backend, FrontendArea frontend, Storage storage,
        List<RingWorkerProxy> workers, DeviceSettings settings, VbdLog log, Consumer<Vbd> forgotten) {
        this.log = log;
        this.forgotten = forgotten;
        this.address = address;
        this.backend = backend;
        this.frontend = frontend;
        state = new OwnState(backend);
        connector = new Connector(address, backend, frontend, storage, workers, settings, log);
        word = new HotplugWord(backend, storage, log, state::now);
        leftover = new Leftover(backend, log);
        growth = new DiskGrowth(backend, storage, log);
        trouble = new VbdTrouble(address, backend, log);
        parking = new Parking(connector, settings.claims(), log, this::happens);
        wait = new ImageWait(trouble, log);
        succession = new Succession(connector, trouble, log);
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

    /** The connection, or null; rings report to it by way of the conductor. */
    DataPath data() {
        return data;
    }

    /** Requests flow. */
    boolean isConnected() {
        return handshake.data() == Handshake.Data.SERVING && data != null;
    }

    XenbusState backendState() {
        return state.now();
    }

    XenbusState frontendState() {
        return handshake.seen().frontend();
    }

    String lastError() {
        return log.lastError();
    }

    /** Its guest seems to be suspended, and its image is closed. */
    boolean isParked() {
        return handshake.data() == Handshake.Data.PARKED;
    }

    boolean isIdle() {
        return handshake.data() == Handshake.Data.IDLE;
    }

    /** Xenstore did not answer or refused: what it says, or should say, is not known until another look. */
    boolean isUneasy() {
        return (uneasy || word.isPutOff() || growth.isOwed() || parking.isBlind()) && !leaving;
    }

    /** Until the next look at a device that is uneasy, in nanoseconds; at most {@code longest}. */
    long pauseNs(long longest) {
        return wait.pauseNs(longest);
    }

    /** Reads xenstore again and does what follows. */
    void look() {
        if (leaving || watch == null || succession.isChangingHands()) {
            return;
        }
        try {
            Handshake.Seen seen = backend.look(frontend);
            uneasy = false;
            state.seen(seen.backend());
            handshake = handshake.looked(seen);
        } catch (XenstoreException e) {
            unanswered("look", e);
            return;
        }
        advance(XenbusEvent.LOOKED);
        if (isIdle()) {
            wait.over();
        }
        parking.look();
        word.say();
        growth.publish();
        uneasy |= leftover.look(isIdle() && state.now() == XenbusState.CLOSED);
    }

    private void advance(XenbusEvent event) {
        XenbusStateMachine.Step step = XenbusStateMachine.step(handshake, event);
        handshake = step.next();
        state.begin();
        for (XenbusAction action : step.actions()) {
            try {
                perform(action);
            } catch (XenstoreException e) {
                // The next look shows what was not written, and the state machine asks for it again.
                state.refuse();
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
            case RESUME -> resume();
            case PUBLISH -> publish();
            case PARK -> data.park();
            case RELEASE -> release(DataPath::stop);
            case ABANDON -> release(DataPath::abandon);
            case WRITE_CLOSING -> state.write(XenbusState.CLOSING);
            case WRITE_CLOSED -> state.write(XenbusState.CLOSED);
            default -> forget();
        }
    }

    // --- offering ---------------------------------------------------------------------------------------------------

    private void offer() {
        word.owe();
        handshake = handshake.offered(false);
        if (state.write(XenbusState.INIT_WAIT, backend::offer)) {
            handshake = handshake.offered(true);
            word.say();
        }
    }

    // --- connecting -------------------------------------------------------------------------------------------------

    private void connect() {
        parking.over();
        if (state.isRefused()) {
            // its features are not there yet
            uneasy = true;
            advance(XenbusEvent.CONNECT_DEFERRED);
            return;
        }
        try {
            VbdConfig config = connector.config();
            if (config.isEmpty()) {
                log.info("is an empty drive: closed, so that the guest does not wait for it");
                advance(XenbusEvent.CONNECT_FAILED);
                return;
            }
            follow(connector.connect(config, wait.isWaiting(), this));
        } catch (XenbusFault e) {
            failed(e.errno(), e.getMessage());
        } catch (XenstoreException e) {
            unanswered("connecting", e);
            advance(XenbusEvent.CONNECT_DEFERRED);
        }
    }

    /** The connection from now on, or null; its rings may have something to tell before all of them are there. */
    private void follow(DataPath connection) {
        data = connection;
        trouble.watch(connection);
    }

    @Override
    public void connected() {
        growth.watch(data);
        wait.over();
        parking.left();
        if (succession.isResuming()) {
            if (data.hasGrownMeanwhile()) {
                growth.owe();
            }
            succession.resumed(data);
        }
        advance(XenbusEvent.CONNECTED);
        parking.served(data);
    }

    @Override
    public void failed(int errno, String reason) {
        follow(null);
        growth.watch(null);
        if (leaving) {
            handshake = Handshake.discovered();
        } else if (succession.isResuming()) {
            uneasy = !succession.isChangingHands();
            succession.notResumed(errno, reason);
            advance(XenbusEvent.CONNECT_DEFERRED);
        } else if (errno == Errno.EBUSY) {
            uneasy = true;
            wait.inUse(reason);
            advance(XenbusEvent.CONNECT_DEFERRED);
        } else {
            wait.over();
            log.error(reason);
            trouble.report(errno, reason);
            advance(XenbusEvent.CONNECT_FAILED);
        }
    }

    private void publish() {
        if (state.write(XenbusState.CONNECTED,
            expected -> backend.publish(expected, data.properties(), data.connection()))) {
            log.info(VbdReport.served(data));
        }
    }

    // --- taking up what an earlier process served -------------------------------------------------------------------

    private void resume() {
        parking.leave();
        if (!connector.isLeft(state.now())) {
            advance(XenbusEvent.CONNECT_DEFERRED);
            return;
        }
        follow(succession.resume(state.now(), parking.parked(), this));
    }

    /** Lets go of it for another process; {@code then} is told null, or why not. */
    void handOver(Consumer<String> then) {
        if (!isConnected()) {
            then.accept(address + " is not served");
            return;
        }
        succession.changeHands(then);
        data.keep();
    }

    /**
     * Takes it up from another process; {@code then} is told null, or why not. A device whose guest has let go of it
     * meanwhile needs no more than a look.
     */
    void takeUp(Consumer<String> then) {
        look();
        if (succession.isResuming()) {
            succession.changeHands(then);
        } else {
            then.accept(succession.failure());
        }
    }

    /** How much may be asked of its disk. */
    DiskRates rates() {
        return connector.rates();
    }

    /** As {@link VbdTrouble#retry}, of a connected device. */
    VbdTrouble.Retried retry() {
        return trouble.retry(succession);
    }

    // --- what the ring tells ----------------------------------------------------------------------------------------

    /** What goes wrong on its rings. */
    VbdTrouble trouble() {
        return trouble;
    }

    /** Of its disk. */
    DiskGrowth growth() {
        return growth;
    }

    /** While its guest is suspended. */
    Parking parking() {
        return parking;
    }

    private void happens(XenbusEvent event) {
        if (!leaving && !succession.isChangingHands()) {
            advance(event);
        } else if (event == XenbusEvent.RELEASED) {
            handshake = Handshake.discovered();
        }
        if (event == XenbusEvent.RELEASED) {
            look();
        }
    }

    private void release(Consumer<DataPath> how) {
        if (data != null) {
            how.accept(data);
        } else {
            parking.release();
        }
    }

    @Override
    public void released(String problem) {
        if (problem != null) {
            log.error(problem);
        }
        DataPath closed = data;
        boolean reopens = succession.isToBeReopened();
        follow(null);
        growth.watch(null);
        if (closed.isParked() && !leaving) {
            parking.entered(closed);
            advance(XenbusEvent.PARKED);
            return;
        }
        log.info((closed.isKept() ? "leaves " : "released ") + closed.config().target());
        if (leaving || closed.isKept()) {
            handshake = Handshake.discovered();
            succession.handed(null);
            if (reopens) {
                look();
            }
        } else {
            advance(XenbusEvent.RELEASED);
            look();
        }
    }

    // --- the end ----------------------------------------------------------------------------------------------------

    /** The error node first: if xenstored does not take that, the next look finds the device gone again. */
    private void forget() {
        backend.forgetError();
        parking.over();
        word.forget();
        connector.forget();
        watch.close();
        watch = null;
        forgotten.accept(this);
    }

    /** The daemon stops: release what is served, and leave xenstore as it is, so that the guest waits and goes on. */
    void leave() {
        leaving = true;
        if (data != null) {
            data.leave();
        } else if (isParked()) {
            parking.leaveBehind(() -> handshake = Handshake.discovered());
        }
    }
}
