// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.migrate;

/** When a daemon is killed during a migration: some calls after a step of {@link SimMigration} begins. */
enum Kill {
    NONE(0, true),
    /** While the guest still runs. */
    SOURCE_BEFORE(2, true),
    /** While it parks, or is about to. */
    SOURCE_PARKING(3, true),
    /** When it has parked. */
    SOURCE_PARKED(6, true),
    /** While it is told that its domain is destroyed. */
    SOURCE_RELEASING(9, true),
    /** While it offers the disk. */
    DESTINATION_OFFERING(4, false),
    /** While it opens the image. */
    DESTINATION_OPENING(8, false),
    /** When it may have it. */
    DESTINATION_SERVING(9, false);

    private final int step;
    private final boolean ofSource;

    Kill(int step, boolean ofSource) {
        this.step = step;
        this.ofSource = ofSource;
    }

    int step() {
        return step;
    }

    boolean ofSource() {
        return ofSource;
    }
}
