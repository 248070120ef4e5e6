// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.handover;

import java.io.IOException;

/** The other side cannot be reckoned with any more; the message says why, in one line. */
final class LostException extends IOException {

    private static final long serialVersionUID = 1L;

    LostException(String reason) {
        super(reason);
    }

    LostException(String reason, Exception cause) {
        super(reason, cause);
    }
}
