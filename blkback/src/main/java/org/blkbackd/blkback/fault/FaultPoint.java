// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.fault;

/**
 * The places, in the order in which a request, then a recovery, then a hand-over comes by them. A process that dies at
 * any of them loses nothing; the tests try each.
 */
public enum FaultPoint {
    /** A request was copied out of its slot; the journal does not have it yet. */
    AFTER_CONSUME,
    /** The journal has the request, and does not count it as consumed. */
    AFTER_ENTRY,
    /** The journal counts the pass's requests as consumed; nothing was done for them. */
    AFTER_JOURNAL,
    /** Write data was copied from the guest; nothing was submitted. */
    AFTER_COPY_IN,
    /** The engine has requests that it may not have begun. */
    AFTER_SUBMIT,
    /** The engine was told to begin. */
    AFTER_KICK,
    /** The storage has done a request; the guest knows nothing. */
    AFTER_COMPLETION,
    /** Read data was copied to the guest; no response is written. */
    AFTER_COPY_OUT,
    /** The journal knows where a response will be; its slot still holds a request. */
    AFTER_MARK,
    /** A response is in its slot and not published. */
    AFTER_RESPONSE,
    /** Responses are published; the journal still has their requests. */
    AFTER_PUBLISH,
    /** The journal knows what is published; answered requests still have entries. */
    AFTER_PUBLISH_RECORD,
    /** The journal has let go of the answered requests; the guest was not notified. */
    BEFORE_NOTIFY,
    /** The guest was notified. */
    AFTER_NOTIFY,
    /** The flush that ends a ring is done; the ring is still attached. */
    AFTER_LAST_FLUSH,

    /** Recovery has found its journal and touched nothing. */
    RECOVERY_FOUND,
    /** Recovery has opened the image and holds its lock. */
    RECOVERY_OPENED,
    /** Recovery has mapped the ring and bound the event channel. */
    RECOVERY_ATTACHED,
    /** Recovery has completed a publication that the dead process had begun. */
    RECOVERY_SETTLED,
    /** Recovery has submitted what it found in flight. */
    RECOVERY_REPLAYED,
    /** Recovery has notified the guest. */
    RECOVERY_NOTIFIED,

    /** The old process is about to stop a device for its successor. */
    HANDOVER_RELEASE,
    /** The old process has let go of a device. */
    HANDOVER_RELEASED,
    /** The new process is about to take a device up. */
    HANDOVER_TAKE,
    /** The new process serves a device. */
    HANDOVER_TAKEN,
    /** The new process has every device; the old one does not know. */
    HANDOVER_ALL_TAKEN,
    /** The old process knows that it is not needed any more. */
    HANDOVER_COMMITTED;

    /**
     * The process is here. Does nothing unless a test has armed this point; then the process dies as by SIGKILL, or
     * this throws {@link InjectedFault}.
     */
    public void reached() {
        if (Faults.ENABLED) {
            Faults.reached(this);
        }
    }
}
