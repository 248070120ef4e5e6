// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.device;

import org.blkbackd.blkback.control.VdevName;
import org.blkbackd.blkback.xenbus.BackendArea;
import org.blkbackd.blkback.xenbus.VbdAddress;
import org.blkbackd.ioengine.Errno;
import org.blkbackd.ioengine.IoRequest;
import org.blkbackd.xenstore.XenstoreException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What goes wrong on the rings of one vbd: said to the administrator, and, of what is held for better times, tried
 * again. Owned by the conductor.
 */
final class VbdTrouble {

    /** How a wish to try again ended: {@code failure}, or how many requests are tried. */
    record Retried(long requests, String failure) {
    }

    private static final Logger LOG = LoggerFactory.getLogger(Vbd.class);

    private final VbdAddress address;
    private final BackendArea backend;
    private final VbdLog log;
    private DataPath data;
    private boolean holding;

    VbdTrouble(VbdAddress address, BackendArea backend, VbdLog log) {
        this.address = address;
        this.backend = backend;
        this.log = log;
    }

    /** What is told from now on is of this connection; null for none. */
    void watch(DataPath connection) {
        data = connection;
        holding = false;
    }

    void onHalted(String reason) {
        log.error("ring stopped: " + reason);
        report(Errno.EIO, "ring stopped: " + reason);
    }

    /** The conventional error node. */
    void report(int errno, String reason) {
        try {
            backend.reportError(errno, reason);
        } catch (XenstoreException e) {
            log.warn("cannot report its error: " + e.getMessage());
        }
    }

    /** Removes it. */
    void forgetReport() {
        try {
            backend.forgetError();
        } catch (XenstoreException e) {
            log.warn("cannot remove its error node: " + e.getMessage());
        }
    }

    void onFailed(IoRequest.Operation operation, long sector, int errno) {
        log.error("I/O failed: " + request(operation, sector, errno));
    }

    void onHeld(IoRequest.Operation operation, long sector, int errno) {
        holding = true;
        boolean flush = operation == IoRequest.Operation.FLUSH;
        log.error((flush ? "flush" : "I/O") + " failed and is held: " + request(operation, sector, errno) + "; "
            + (flush ? "mend the storage, then 'blkbackctl retry " + address + "', which opens the disk again"
                : "it is tried again every few seconds, or by 'blkbackctl retry " + address + "'"));
    }

    /** Of one ring; another may still hold something, and says so no more. */
    void onUnheld() {
        if (VbdReport.held(data.rings()) == 0) {
            holding = false;
            log.info("all that was held is done");
        }
    }

    void onFault(RuntimeException fault) {
        LOG.error("{}: a fault of blkbackd itself; its ring is stopped, other devices go on", address, fault);
    }

    /** Something is held that is to be tried again in a while: all but a failed flush, whose data may be lost. */
    boolean isOwed() {
        return holding && !isFlushHeld();
    }

    private boolean isFlushHeld() {
        return VbdReport.heldFlushes(data.rings()) > 0;
    }

    /**
     * Tries again what is held, and says how much that is. A flush that has failed can only succeed on a disk that is
     * opened anew, and then the journal has what is held.
     */
    Retried retry(Succession succession) {
        long held = VbdReport.held(data.rings());
        if (succession.isChangingHands()) {
            return new Retried(0, "it changes hands just now, and what is held is tried again then");
        }
        if (!isFlushHeld()) {
            data.retry();
        } else if (data.isJournaled()) {
            succession.reopen();
            data.keep();
        } else {
            return new Retried(0, "a flush failed, and without a journal the disk cannot be opened anew under its"
                + " guest; shut the guest down, which loses what it wrote since its last flush");
        }
        return new Retried(held, null);
    }

    /** In words that a program finds, too. */
    private String request(IoRequest.Operation operation, long sector, int errno) {
        return "domid=" + address.domid() + " vdev=" + VdevName.of(address.devid()) + " op=" + operation + " sector="
            + sector + " errno=" + Errno.name(errno) + " target=" + data.config().target();
    }
}
