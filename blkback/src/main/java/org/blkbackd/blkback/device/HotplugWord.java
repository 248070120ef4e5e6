// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.device;

import java.util.function.Supplier;
import org.blkbackd.blkback.xenbus.BackendArea;
import org.blkbackd.blkback.xenbus.VbdConfig;
import org.blkbackd.blkback.xenbus.XenbusFault;
import org.blkbackd.blkback.xenbus.XenbusState;
import org.blkbackd.ioengine.DiskException;
import org.blkbackd.xenstore.XenstoreException;

/**
 * The word that the hot-plug script waits for, so that {@code xl create} fails with a reason rather than makes a guest
 * without its disk: ready, or what is wrong. It is owed until xenstored has taken it. Owned by the conductor.
 */
final class HotplugWord {

    private final BackendArea backend;
    private final Storage storage;
    private final VbdLog log;
    private final Supplier<XenbusState> state;
    private boolean owed;
    private boolean checking;

    /** @param state what our state node held when we last read or wrote it */
    HotplugWord(BackendArea backend, Storage storage, VbdLog log, Supplier<XenbusState> state) {
        this.backend = backend;
        this.storage = storage;
        this.log = log;
        this.state = state;
    }

    /** A script may wait from now on; to be said before the state that makes it run is written. */
    void owe() {
        owed = true;
    }

    /** Nobody waits any more. */
    void forget() {
        owed = false;
    }

    /** Xenstored did not take it; try again later. */
    boolean isPutOff() {
        return owed && !checking && state.get() == XenbusState.INIT_WAIT;
    }

    /** Finds out, without opening the image, and says it. */
    void say() {
        if (!isPutOff()) {
            return;
        }
        try {
            if (!backend.scriptWaits()) {
                owed = false;
                return;
            }
            VbdConfig config = backend.config();
            if (config.isEmpty()) {
                saying(() -> backend.reportReady(state.get()));
            } else {
                checking = true;
                storage.check(config.target().disk(), config.target().name(), config.readOnly(), this::onChecked);
            }
        } catch (XenbusFault e) {
            refuse(e.getMessage());
        } catch (XenstoreException e) {
            log.warn("the hot-plug script has to wait: " + e.getMessage());
        }
    }

    private void onChecked(DiskException failure) {
        checking = false;
        if (!owed) {
            return;
        }
        if (failure != null) {
            refuse(failure.getMessage());
        } else {
            saying(() -> backend.reportReady(state.get()));
        }
    }

    private void refuse(String reason) {
        if (saying(() -> backend.reportHotplugError(state.get(), reason))) {
            log.error(reason);
        }
    }

    private boolean saying(Runnable word) {
        try {
            word.run();
            owed = false;
        } catch (XenstoreException e) {
            log.warn("the hot-plug script has to wait: " + e.getMessage());
        }
        return !owed;
    }
}
