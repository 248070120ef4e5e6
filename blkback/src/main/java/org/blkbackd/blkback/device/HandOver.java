// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.device;

import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * What one daemon does for another that takes its place, or takes its devices back. The state of a ring goes from one
 * to the other in its journal: whoever lets go leaves it behind, whoever takes up reads it. Both sides of a hand-over,
 * and both directions, are these operations. Called from any thread; futures complete on the conductor's thread, so
 * what follows must be short. A reason for failure is the message of a {@link HandOverException}.
 */
public interface HandOver {

    /**
     * A device that has to change hands.
     *
     * @param device     as the kernel names it, {@code vbd-3-51712}
     * @param target     the disk's address with its options, as the toolstack wrote it
     * @param readOnly   it is served read-only
     * @param blocker    why it cannot be handed over now, or null
     */
    record Candidate(String device, String target, boolean readOnly, String blocker) {
    }

    /**
     * Stops following xenstore, and says what is served. Devices that are neither idle nor served at this moment become
     * one of both first, or are blockers.
     */
    CompletableFuture<List<Candidate>> suspend();

    /** Follows xenstore again, and looks at everything. */
    void unsuspend();

    /** Lets go of a served device: in flight is only what its journal holds, and its image is closed. */
    CompletableFuture<Void> release(String device);

    /**
     * Takes up a device where its journal says it was left. When that fails nothing of it is held, and it can be taken
     * up by somebody else.
     */
    CompletableFuture<Void> resume(String device);
}
