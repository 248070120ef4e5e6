// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.file;

import org.blkbackd.ioengine.IoRequest;

/** What the requests of an engine wait in; those of one lane start in the order they came. */
enum Lane {
    /** Reads and writes; any number of them runs at a time. */
    DATA,
    /**
     * One runs at a time and disk: the kernel reports a failed write-back to one fdatasync only, so of two that run
     * together the other would pass for a success.
     */
    FLUSH,
    /** One runs at a time and disk, a piece in turn: however much is discarded, it costs one thread at most. */
    DISCARD;

    static final int COUNT = 3;

    static Lane of(IoRequest request) {
        return switch (request.operation()) {
            case FLUSH -> FLUSH;
            case DISCARD -> DISCARD;
            default -> DATA;
        };
    }
}
