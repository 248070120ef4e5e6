// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.xenstore.client;

import org.blkbackd.xenstore.wire.Message;
import org.blkbackd.xenstore.wire.MessageType;

/** A request that has no number yet. {@code what} names operation and path in exceptions. */
record Request(MessageType type, byte[] payload, String what) {

    /** Bytes on the wire. */
    int length() {
        return Message.HEADER_BYTES + payload.length;
    }
}
