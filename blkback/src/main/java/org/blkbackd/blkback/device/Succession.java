// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.device;

import java.util.function.Consumer;
import org.blkbackd.blkback.journal.JournalException;
import org.blkbackd.blkback.xenbus.XenbusFault;
import org.blkbackd.blkback.xenbus.XenbusState;
import org.blkbackd.ioengine.Errno;
import org.blkbackd.xenstore.XenstoreException;

/**
 * What one vbd has to do with the processes before and after this one: whether it is being taken up, why it could not
 * be, and who waits for it to change hands. To the guest all of this is a pause; its nodes in xenstore stay as they
 * are. Owned by the conductor.
 */
final class Succession {

    private final Connector connector;
    private final VbdTrouble trouble;
    private final VbdLog log;
    private boolean resuming;
    private boolean unparked;
    /** Why the rings of an earlier process are not taken up, as last told. */
    private String told;
    private Consumer<String> waiting;
    private boolean reopening;

    Succession(Connector connector, VbdTrouble trouble, VbdLog log) {
        this.connector = connector;
        this.trouble = trouble;
        this.log = log;
    }

    // --- after another process --------------------------------------------------------------------------------------

    /**
     * Begins to take up its rings; null when that failed at once, which {@code listener} was told.
     *
     * @param parked the connection that was parked, or null: an earlier process had the rings
     */
    DataPath resume(XenbusState ours, DataPath parked, DataPath.Listener listener) {
        resuming = true;
        unparked = parked != null;
        try {
            return connector.resume(ours, parked, listener);
        } catch (XenbusFault e) {
            listener.failed(e.errno(), e.getMessage());
        } catch (JournalException e) {
            listener.failed(Errno.EINVAL, e.getMessage());
        } catch (XenstoreException e) {
            listener.failed(Errno.EIO, e.getMessage());
        }
        return null;
    }

    boolean isResuming() {
        return resuming;
    }

    /** Its rings are taken up. */
    void resumed(DataPath data) {
        resuming = false;
        if (told != null) {
            told = null;
            trouble.forgetReport();
        }
        log.info("goes on with " + data.config().target() + ", which " + (unparked ? "was parked; "
            : "an earlier process served; ") + VbdReport.inFlight(data.rings()) + " requests were in flight");
        handed(null);
    }

    /** Its guest waits; another try follows, unless somebody else is to make it. */
    void notResumed(int errno, String reason) {
        resuming = false;
        if (!reason.equals(told) && waiting == null) {
            told = reason;
            String taken = unparked ? "parked and cannot go on" : "served by an earlier process and cannot be taken up";
            log.error("was " + taken + ", so its guest waits: " + reason);
            trouble.report(errno, reason);
        }
        handed(reason);
    }

    // --- before another process -------------------------------------------------------------------------------------

    /** Somebody waits for the device to change hands: nothing is looked at until it has, or has not. */
    boolean isChangingHands() {
        return waiting != null;
    }

    /** {@code then} is told null when the device has changed hands, or why not. */
    void changeHands(Consumer<String> then) {
        waiting = then;
        reopening = false;
    }

    /** It has, or {@code failure} says why not. */
    void handed(String failure) {
        Consumer<String> then = waiting;
        waiting = null;
        if (then != null) {
            then.accept(failure);
        }
    }

    /** Why it could not be taken up when that was tried last, or null. */
    String failure() {
        return told;
    }

    // --- before and after itself ------------------------------------------------------------------------------------

    /** The disk is to be opened anew: let go of, and taken up again. */
    void reopen() {
        reopening = true;
    }

    /** Whether that was wanted; not any more. */
    boolean isToBeReopened() {
        boolean wanted = reopening;
        reopening = false;
        return wanted;
    }
}
