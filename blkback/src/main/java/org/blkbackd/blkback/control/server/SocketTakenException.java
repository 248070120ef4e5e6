// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.control.server;

import java.io.IOException;

/** Another process listens where we would: most likely another daemon, which serves the same disks. */
public final class SocketTakenException extends IOException {

    SocketTakenException(String message) {
        super(message);
    }
}
