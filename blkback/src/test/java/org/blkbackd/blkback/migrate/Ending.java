// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.migrate;

import java.util.Random;

/** How {@code xl migrate} may go (tools/xl/xl_migrate.c), from the guest's suspension on. */
enum Ending {
    /** To the end: the guest runs on the destination, and its domain on the source is destroyed. */
    MOVED,
    /** {@code -p}: the same, but the guest is unpaused by hand, after the source's domain is gone. */
    MOVED_PAUSED,
    /** The guest runs on the destination, and the source's domain is destroyed late. */
    SOURCE_LINGERS,
    /** The destination's xl fails before it is ready: its copy is destroyed while the source's guest goes on. */
    FAILS_BEFORE_READY,
    /** The destination cannot unpause, destroys its copy and says so; then the source's guest goes on. */
    UNPAUSE_FAILS,
    /** The link is lost after GO, the guest runs: its domain on the source stays until somebody destroys it. */
    LINK_LOST_MOVED,
    /** The link is lost, GO did not come: somebody resumes the guest on the source; the copy is destroyed. */
    LINK_LOST_NOT_MOVED,
    /** No destination at all: {@code xl save -c}, or a suspend that is cancelled. */
    CANCELLED,
    /** What an administrator must not do: the guest runs on the destination, and its old self is resumed, too. */
    RESUMED_TWICE;

    /** One of them: each as likely as the others, but for the one that takes long to show. */
    static Ending any(Random random) {
        return random.nextInt(40) == 0 ? RESUMED_TWICE : values()[random.nextInt(values().length - 1)];
    }

    /** Whether the guest runs on the destination afterwards. */
    boolean moves() {
        return switch (this) {
            case MOVED, MOVED_PAUSED, SOURCE_LINGERS, LINK_LOST_MOVED, RESUMED_TWICE -> true;
            default -> false;
        };
    }
}
