// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.device;

import java.util.function.Predicate;
import org.blkbackd.blkback.xenbus.BackendArea;
import org.blkbackd.blkback.xenbus.XenbusState;

/**
 * Our state node of one vbd, as far as we know it. The toolstack writes it too: a state that it changed under us is not
 * written, nor is what was to follow in the same step. Owned by the conductor.
 */
final class OwnState {

    private final BackendArea backend;
    private XenbusState held = XenbusState.UNKNOWN;
    private boolean refused;

    OwnState(BackendArea backend) {
        this.backend = backend;
    }

    /** What the node held when we last read or wrote it. */
    XenbusState now() {
        return held;
    }

    /** It was read. */
    void seen(XenbusState state) {
        held = state;
    }

    /** A step begins. */
    void begin() {
        refused = false;
    }

    /** Nothing of this step is written any more: 6 must not come where 5 was missed. */
    void refuse() {
        refused = true;
    }

    /** Whether something of this step was not written. */
    boolean isRefused() {
        return refused;
    }

    /** Writes a state and nothing else. */
    void write(XenbusState next) {
        write(next, expected -> backend.switchState(expected, next));
    }

    /**
     * Writes a state, and with it what {@code change} writes.
     *
     * @param change told the state that must be there still; returns whether it was
     */
    boolean write(XenbusState next, Predicate<XenbusState> change) {
        refused = refused || !change.test(held);
        if (!refused) {
            held = next;
        }
        return !refused;
    }
}
